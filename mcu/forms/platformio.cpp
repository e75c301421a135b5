#include <fmt/format.h>

#include "mcu/forms/form.h"

namespace pare::mcu {
namespace {

// Source: PlatformIO, "library.json" and "Library Structure".
constexpr std::string_view kManifest = R"({{
  "name": "{0}",
  "version": "1.0.0",
  "description": "{1}, a {2} network in {3}",
  "license": "MIT",
  "headers": "{0}.h",
  "frameworks": "*",
  "platforms": "*"
}}
)";

void write(const Export& what, const std::filesystem::path& folder) {
  const EncodedModel& model = what.artefact.encoded;
  write_component(what.component, folder, "src",
                  {{"library.json",
                    fmt::format(fmt::runtime(kManifest), what.component.name, what.artefact.name,
                                c_widths(model), nn::name(model.arithmetic))}});
}

std::string advice(const Export& what, const std::filesystem::path&) {
  return fmt::format("copy it into the lib folder of a PlatformIO project, and include {}.h",
                     what.component.name);
}

}  // namespace

extern const Form kPlatformIoForm{"platformio", "a library for a PlatformIO project",
                                  check_new_folder, write, advice};

}  // namespace pare::mcu
