#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "mcu/forms/form.h"
#include "nn/json_text.h"
#include "nn/text_file.h"

namespace pare::mcu {
namespace {

namespace fs = std::filesystem;

/// The functions of the component's header, on top of the model that the harness measures.
std::string api(const Component& component, const EncodedModel& model) {
  const char* raw = model.arithmetic == nn::Arithmetic::int8 ? "int8_t" : "float";
  return fmt::format(
      "{0}\n#include <math.h>\n#include <string.h>\n\n#include \"model.h\"\n\n"
      "void {1}_infer(const {2} inputs[{3}_INPUTS], {2} outputs[{3}_OUTPUTS]) {{\n"
      "  pare_infer(inputs, outputs);\n}}\n\n{4}",
      component.header, component.name, raw, component.prefix, component.functions);
}

std::string first_lines(const Component& component) {
  return fmt::format(
      "// What {0} says of numbers from the serial monitor: {1}_INPUTS of them, with anything "
      "between.\n"
      "// A host that measures or validates is answered meanwhile: './pare validate' finds this "
      "sketch.\n"
      "#include \"{0}.h\"\n#include \"harness.h\"\n",
      component.name, component.prefix);
}

/// By way of the harness: a host that holds the port open and does not read does not stop the loop.
constexpr std::string_view kPrintClass = R"(  float confidence = 0;
  const int label = {0}_classify(features, &confidence);
  pare::print().text({0}_label(label)).text(" ").decimal(confidence).end_line().flush();
)";

constexpr std::string_view kPrintOutputs = R"(  float outputs[{1}_OUTPUTS];
  if ({0}_predict(features, outputs) != 0) return;
  for (int i = 0; i < {1}_OUTPUTS; ++i) pare::print().text(i > 0 ? " " : "").decimal(outputs[i]);
  pare::print().end_line().flush();
)";

/// Source: Wokwi, "diagram.json File Format" and "Configuring Your Project (wokwi.toml)".
void write_wokwi(const Wokwi& wokwi, const fs::path& folder) {
  using Json = nlohmann::ordered_json;
  Json part{
      {"type", wokwi.part}, {"id", "board"}, {"top", 0}, {"left", 0}, {"attrs", Json::object()}};
  Json connections = Json::array();
  if (wokwi.uart) {
    connections = {{"board:TX", "$serialMonitor:RX", "", Json::array()},
                   {"board:RX", "$serialMonitor:TX", "", Json::array()}};
  } else {
    part["attrs"]["env"] = "arduino-community";
  }
  const Json diagram{{"version", 1},
                     {"author", "pare"},
                     {"editor", "wokwi"},
                     {"parts", Json::array({part})},
                     {"connections", connections}};
  nn::write_text(folder / "diagram.json", nn::json_text(diagram, 2) + "\n");
  const std::string built = fmt::format("build/{}.ino", folder.filename().string());
  nn::write_text(folder / "wokwi.toml",
                 fmt::format("[wokwi]\nversion = 1\nfirmware = '{}.{}'\nelf = '{}.elf'\n", built,
                             wokwi.firmware, built));
}

void write(const Export& what, const fs::path& folder) {
  export_sketch(what.artefact, what.vectors, folder, what.weights);
  nn::replace_text(
      folder / fmt::format("{}.ino", folder.filename().string()),
      application(what.component, {.first_lines = first_lines(what.component),
                                   .setup = "  pare::begin_harness();\n",
                                   .serve = "  if (pare::host_speaks()) pare::serve_host();\n",
                                   .leave = "    if (pare::host_speaks()) return false;\n",
                                   .print_class = kPrintClass,
                                   .print_outputs = kPrintOutputs}));
  nn::write_text(folder / (what.component.name + ".h"), api(what.component, what.artefact.encoded));
  if (what.board.wokwi != nullptr) write_wokwi(*what.board.wokwi, folder);
}

std::string advice(const Export& what, const fs::path& folder) {
  const bool wokwi = what.board.wokwi != nullptr;
  return fmt::format(
      "open it in the Arduino IDE, or compile it with\n  arduino-cli compile -b {}{} {}{}",
      what.board.upload.fqbn, wokwi ? " --output-dir " + (folder / "build").string() : "",
      folder.string(), wokwi ? "\nand then open it in Wokwi for VS Code" : "");
}

}  // namespace

extern const Form kSketchForm{"sketch",
                              "an application that also measures and validates itself",
                              check_sketch_folder,
                              write,
                              advice,
                              true};

}  // namespace pare::mcu
