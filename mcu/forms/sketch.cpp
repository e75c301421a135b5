#include <fmt/format.h>

#include "mcu/forms/form.h"

namespace pare::mcu {
namespace {

void write(const Export& what, const std::filesystem::path& folder) {
  export_sketch(what.artefact, what.vectors, folder, what.weights);
}

std::string advice(const Export&, const std::filesystem::path& folder) {
  return fmt::format(
      "open it in the Arduino IDE, or compile it with\n"
      "  arduino-cli compile -b arduino:mbed_nano:nano33ble {}",
      folder.string());
}

}  // namespace

extern const Form kSketchForm{"sketch",
                              "a sketch that measures and validates itself: what flash puts on a "
                              "board",
                              check_sketch_folder,
                              write,
                              advice,
                              true};

}  // namespace pare::mcu
