#include <fmt/format.h>

#include "mcu/forms/form.h"

namespace pare::mcu {
namespace {

constexpr std::string_view kPrintClass = R"(  float confidence = 0;
  const int label = {0}_classify(features, &confidence);
  Serial.print({0}_label(label));
  Serial.print(" ");
  Serial.println(confidence, 3);
)";

constexpr std::string_view kPrintOutputs = R"(  float outputs[{1}_OUTPUTS];
  if ({0}_predict(features, outputs) != 0) return;
  for (int i = 0; i < {1}_OUTPUTS; ++i) {{
    if (i > 0) Serial.print(" ");
    Serial.print(outputs[i], 6);
  }}
  Serial.println();
)";

// Source: Arduino library specification, "Library metadata" and "Layout of folders and files".
constexpr std::string_view kProperties = R"(name={0}
version=1.0.0
author=pare
maintainer=pare
sentence={1}, a {2} network in {3}.
paragraph=Include {0}.h; no heap, no other library.
category=Data Processing
url=
architectures=*
includes={0}.h
)";

std::string first_lines(const Component& component) {
  return fmt::format(
      "// What {0} says of numbers from the serial monitor: {1}_INPUTS of them, with anything "
      "between.\n#include <{0}.h>\n",
      component.name, component.prefix);
}

void write(const Export& what, const std::filesystem::path& folder) {
  const Component& component = what.component;
  const EncodedModel& model = what.artefact.encoded;
  write_component(component, folder, "src",
                  {{"library.properties",
                    fmt::format(fmt::runtime(kProperties), component.name, what.artefact.name,
                                c_widths(model), nn::name(model.arithmetic))},
                   {fmt::format("examples/{0}_example/{0}_example.ino", component.name),
                    application(component, {.first_lines = first_lines(component),
                                            .setup = "  Serial.begin(115200);\n",
                                            .serve = "",
                                            .leave = "",
                                            .print_class = kPrintClass,
                                            .print_outputs = kPrintOutputs})}});
}

std::string advice(const Export& what, const std::filesystem::path& folder) {
  return fmt::format(
      "copy it into the libraries folder of the Arduino IDE, and open the example "
      "{}_example; or\n  arduino-cli compile -b BOARD --library {} {}/examples/{}_example",
      what.component.name, folder.string(), folder.string(), what.component.name);
}

}  // namespace

extern const Form kArduinoLibraryForm{"arduino-library",
                                      "a library for the Arduino IDE, with an example",
                                      check_new_folder, write, advice};

}  // namespace pare::mcu
