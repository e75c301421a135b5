#include "mcu/component.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <utility>

#include "build_paths.h"
#include "mcu/component_functions.h"
#include "nn/ends.h"
#include "nn/lower_case.h"

namespace pare::mcu {
namespace {

constexpr std::string_view kNotice =
    "// SPDX-License-Identifier: MIT\n"
    "// Copyright (c) 2026 the pare authors. The parameters are the work of whoever trained "
    "them.\n";

/// Files of the C library and the Arduino core that NAME.h would hide, and targets that CMake has.
constexpr std::string_view kTaken[] = {
    "all",     "arduino", "assert",  "clean",    "complex",     "ctype",  "errno",     "fenv",
    "float",   "help",    "install", "inttypes", "iso646",      "limits", "locale",    "math",
    "memory",  "new",     "setjmp",  "signal",   "stdalign",    "stdarg", "stdatomic", "stdbool",
    "stddef",  "stdint",  "stdio",   "stdlib",   "stdnoreturn", "string", "test",      "tgmath",
    "threads", "time",    "uchar",   "wchar",    "wctype"};

bool is_taken(const std::string& name) {
  return std::find(std::begin(kTaken), std::end(kTaken), nn::lower_case(name)) != std::end(kTaken);
}

void check_name(const std::string& name) {
  const auto word = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  const bool begins_well = !name.empty() && std::isalpha(static_cast<unsigned char>(name[0])) != 0;
  if (begins_well && name.size() <= 63 && std::all_of(name.begin(), name.end(), word) &&
      !is_taken(name)) {
    return;
  }
  throw std::invalid_argument(
      fmt::format("--name {0}: NAME_predict() and the file NAME.h are called by it, so that it "
                  "takes a letter, then letters, digits and '_', 63 at most, and is no file of the "
                  "C library nor a target of CMake; say --name {1}",
                  name, identifier(name)));
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// The kernel headers as one text, each before what needs it and without its own includes; those of
/// the C library go to `system`.
class Amalgam {
 public:
  void add(const std::string& header) {
    if (!seen_.insert(header).second) return;
    std::ifstream file(std::string(PARE_SOURCE_DIR "/mcu/kernel/") + header);
    if (!file) throw std::runtime_error("mcu/kernel/" + header + " cannot be read");
    for (std::string line; std::getline(file, line);) {
      if (line == "#pragma once") continue;
      if (line.starts_with("#include \"")) {
        add(line.substr(10, line.size() - 11));
      } else if (line.starts_with("#include <")) {
        system_.insert(line);
      } else {
        text_ += line + "\n";
      }
    }
  }
  const std::string& text() const { return text_; }
  const std::set<std::string>& system() const { return system_; }

 private:
  std::set<std::string> seen_;
  std::set<std::string> system_;
  std::string text_;
};

long static_ram(const Artefact& artefact) {
  const EncodedModel& model = artefact.encoded;
  const auto arena = static_cast<long>(model.arena.size) * (is_int8(model) ? 2 : 4);
  if (is_int8(model)) return arena + input_count(model) + output_count(model);
  return arena + (nn::is_identity(artefact.model.inputs) ? 0 : 4 * input_count(model));
}

/// The names of the features in their order, as comments; nothing where there are none, or too many
/// to read. A backslash, also as the trigraph ??/, would draw the next line into the comment.
std::string feature_list(const nn::Inputs& inputs) {
  constexpr std::size_t kMost = 64;
  std::string text;
  for (std::size_t i = 0; i < inputs.names.size() && inputs.names.size() <= kMost; ++i) {
    std::string name = inputs.names[i];
    const auto joins_lines = [](char c) {
      return static_cast<unsigned char>(c) < ' ' || c == '\\' || c == '?';
    };
    std::replace_if(name.begin(), name.end(), joins_lines, ' ');
    text += fmt::format("//   features[{}]: {}\n", i, name);
  }
  return text;
}

/// What NAME_predict gives.
std::string_view outputs_are(const nn::Model& model) {
  if (nn::is_binary(model)) return "; the output is the probability of the second class";
  if (nn::is_classifier(model)) return "; the outputs are the classes' logits";
  return "";
}

std::string header_text(const Artefact& artefact, const std::string& name) {
  const EncodedModel& model = artefact.encoded;
  const bool classes = nn::is_classifier(artefact.model);
  const std::string raw = is_int8(model) ? "int8_t" : "float";
  const std::string big = upper(name);
  std::string text = std::string(kNotice);
  text += fmt::format(
      "#ifndef {0}_H\n#define {0}_H\n\n"
      "// {1}, a {2} network in {3}: {4} bytes of parameters, {5} of static RAM.\n"
      "// Written by pare; export it again rather than edit it. Not reentrant: the functions share "
      "their\n"
      "// static RAM, so call them from one thread at a time.\n\n"
      "#include <stdint.h>\n\n"
      "#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n"
      "#define {0}_INPUTS {6}\n#define {0}_OUTPUTS {7}\n#define {0}_STATIC_RAM_BYTES {5}\n"
      "#define {0}_PARAMETER_BYTES {4}\n\n",
      big, artefact.name, c_widths(model), nn::name(model.arithmetic), model.bytes.size(),
      static_ram(artefact), input_count(model), output_count(model));
  text += fmt::format(
      "// The outputs for one sample of {0} feature{4}, both in the units of the training "
      "data{1}.\n"
      "{5}"
      "// Returns 0, or -1 if a feature is no finite number: then `outputs` are left as they "
      "were.\n"
      "int {2}_predict(const float features[{3}_INPUTS], float outputs[{3}_OUTPUTS]);\n\n",
      input_count(model), outputs_are(artefact.model), name, big,
      input_count(model) == 1 ? "" : "s", feature_list(artefact.model.inputs));
  if (classes) {
    text += fmt::format(
        "// The class of one sample, from 0, or -1 if a feature is no finite number. `confidence`, "
        "unless\n"
        "// it is null, gets the {2}: a probability only as far as the model is calibrated.\n"
        "int {0}_classify(const float features[{1}_INPUTS], float* confidence);\n\n"
        "// The name of a class, or \"?\" of a number that is none.\n"
        "const char* {0}_label(int index);\n\n",
        name, big, nn::is_binary(artefact.model) ? "output for it" : "softmax of its logit");
  }
  const bool plain =
      nn::is_identity(artefact.model.inputs) && nn::is_identity(artefact.model.outputs);
  const std::string_view ends =
      plain ? "" : ", of what NAME_predict scales the features to, and scales the outputs from";
  if (is_int8(model)) {
    const nn::Quantization output = model.layers.back().output;
    text += fmt::format(
        "// Raw values in, raw values out: real = scale * (raw - zero point){5}.\n"
        "#define {0}_INPUT_SCALE {1}\n#define {0}_INPUT_ZERO_POINT ({2})\n"
        "#define {0}_OUTPUT_SCALE {3}\n#define {0}_OUTPUT_ZERO_POINT ({4})\n",
        big, c_literal(model.input.scale), model.input.zero_point, c_literal(output.scale),
        output.zero_point, ends);
  } else {
    text += fmt::format("// The same without a look at the features{}.\n", ends);
  }
  text += fmt::format(
      "void {0}_infer(const {1} inputs[{2}_INPUTS], {1} outputs[{2}_OUTPUTS]);\n\n"
      "#ifdef __cplusplus\n}}\n#endif\n\n#endif\n",
      name, raw, big);
  return text;
}

std::string source_text(const Artefact& artefact, const std::string& name,
                        const std::string& functions) {
  const EncodedModel& model = artefact.encoded;
  const ModelCode code = model_code(model);
  Amalgam kernels;
  kernels.add("optimize.h");
  for (const std::string& header : code.headers) kernels.add(header);
  std::set<std::string> system = kernels.system();
  system.insert("#include <math.h>");
  system.insert("#include <string.h>");
  std::string text = fmt::format(
      "{}// {}: see {}.h. Written by pare; export it again rather than edit it.\n"
      "#include \"{}.h\"\n\n",
      kNotice, artefact.name, name, name);
  for (const std::string& line : system) text += line + "\n";
  text += "\n// The kernels. All of this file but what " + name +
          ".h declares is invisible elsewhere.\nnamespace {\n";
  text += kernels.text();
  text += "\nusing namespace pare;\n\n";
  if (is_int8(model)) {
    text += fmt::format("constexpr int kInputs = {};\nconstexpr int kInputZeroPoint = {};\n",
                        input_count(model), model.input.zero_point);
  }
  text += "\n" + code.definitions + "}  // namespace\n\n";
  const std::string raw = is_int8(model) ? "int8_t" : "float";
  text += fmt::format(
      "PARE_NO_INLINE void {0}_infer(const {1} inputs[{2}_INPUTS], {1} outputs[{2}_OUTPUTS]) {{\n",
      name, raw, upper(name));
  for (const Statement& statement : code.statements) text += "  " + statement.text + "\n";
  return text + "}\n\n" + functions;
}

}  // namespace

Component make_component(const Artefact& artefact, const std::string& name) {
  check_name(name);
  std::string functions = component_functions(artefact, name, upper(name));
  return {name,
          upper(name),
          nn::is_classifier(artefact.model),
          header_text(artefact, name),
          source_text(artefact, name, functions),
          std::move(functions),
          static_ram(artefact)};
}

std::string identifier(std::string_view name) {
  std::string result;
  for (const char c : name) {
    result += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  }
  if (result.empty() || std::isalpha(static_cast<unsigned char>(result[0])) == 0) {
    result = "model_" + result;
  }
  result.resize(std::min<std::size_t>(result.size(), 57));
  return is_taken(result) ? result + "_model" : result;
}

}  // namespace pare::mcu
