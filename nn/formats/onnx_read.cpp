// The reader of ONNX files, and what it takes of them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "nn/formats/format.h"
#include "nn/formats/onnx_chain.h"
#include "nn/formats/onnx_write.h"
#include "nn/json_text.h"
#include "nn/nearest_name.h"

namespace pare::nn {
namespace onnx {
namespace {

ReadModel read_output(const File& file, std::string_view output) {
  const Graph graph = cut(file, output);
  if (graph.inputs.size() != 1) {
    graph.problems.throw_any();
    std::vector<std::string> texts;
    for (const Value& input : graph.inputs) texts.push_back(input.text);
    fail("its output '{}' depends on {} inputs{}{}; a model has one", output, texts.size(),
         texts.empty() ? "" : ": ", fmt::join(texts, ", "));
  }
  const Chain chain = read_chain(graph);
  ReadModel read{{}, chain.notes};
  read.model =
      is_int8(chain.steps) ? int8_model(chain, read.notes) : float_model(chain, read.notes);
  read.model.outputs.names = chain.names;
  for (const Value& input : inputs(file)) {
    if (input.name == graph.inputs.front().name) continue;
    read.notes.push_back(
        fmt::format("input {} is left out: the output does not need it", input.text));
  }
  return read;
}

bool is_label(const Value& output) {
  return output.type == Type::int64 || output.type == Type::int32 || output.type == Type::text;
}

/// The output that is not a label, if there is just one.
std::optional<Value> only_values(const std::vector<Value>& all) {
  std::optional<Value> found;
  for (const Value& output : all) {
    if (is_label(output)) continue;
    if (found) return std::nullopt;
    found = output;
  }
  return found;
}

/// Throws, listing the outputs.
[[noreturn]] void refuse_to_choose(const File& file, const std::vector<Value>& all) {
  constexpr std::size_t kMost = 20;
  std::string message = fmt::format("it has {} outputs; name the one to take:", all.size());
  for (std::size_t i = 0; i < std::min(all.size(), kMost); ++i) {
    std::string_view can = "cannot be taken";
    try {
      read_output(file, all[i].name);
      can = "can be taken";
    } catch (const std::exception&) {  // which says why where it is the one to take
    }
    message += fmt::format("\n  output = \"{}\"  {}: {}", all[i].name, all[i].text, can);
  }
  if (all.size() > kMost) message += fmt::format("\n  and {} more", all.size() - kMost);
  throw std::runtime_error(message);
}

std::string choose_output(const File& file, const std::string& wanted) {
  const std::vector<Value> all = outputs(file);
  if (all.empty()) fail("its graph has no output; it may be cut short");
  if (wanted.empty()) {
    const auto only = all.size() == 1 ? std::optional(all.front()) : only_values(all);
    if (!only) refuse_to_choose(file, all);
    return only->name;
  }
  std::vector<std::string_view> names;
  std::vector<std::string_view> texts;
  for (const Value& output : all) {
    names.push_back(output.name);
    texts.push_back(output.text);
  }
  if (std::find(names.begin(), names.end(), wanted) == names.end()) {
    fail("it has no output '{}'{}; it has {}", wanted, did_you_mean(wanted, names),
         fmt::join(texts, ", "));
  }
  return wanted;
}

/// A list of texts that the file's metadata holds; nothing if it holds none of `count`.
std::vector<std::string> texts(const File& file, const char* key, std::size_t count) {
  const auto json = metadata(file, key);
  if (!json) return {};
  const nlohmann::json list = parse_json(*json);
  std::vector<std::string> texts;
  if (!list.is_array() || list.size() != count) return {};
  for (const auto& each : list) {
    if (!each.is_string()) return {};
    texts.push_back(each.get<std::string>());
  }
  return texts;
}

/// The names of classes that only the nodes to a label have; none if there are not `count`.
std::vector<std::string> label_names(const File& file, std::size_t count) {
  for (const Value& output : outputs(file)) {
    if (!is_label(output)) continue;
    try {
      auto names = class_names(cut(file, output.name));
      if (names.size() == count) return names;
    } catch (const std::runtime_error&) {  // of a label that is not read
    }
  }
  return {};
}

/// The outputs' names, where nodes behind the outputs do not give them, and the inputs'.
void read_names(const File& file, Model& model) {
  const std::size_t classes = is_binary(model) ? 2 : static_cast<std::size_t>(output_count(model));
  std::vector<std::string>& names = model.outputs.names;
  if (names.empty()) names = label_names(file, classes);
  const bool are_classes = !names.empty() && model.outputs.meaning == Meaning::values;
  if (are_classes && output_count(model) > 1) model.outputs.meaning = Meaning::logits;
  if (names.empty()) names = texts(file, kClassNames, classes);
  if (names.empty() && is_binary(model)) names = texts(file, kClassNames, 1);
  model.inputs.names = texts(file, kFeatureNames, static_cast<std::size_t>(input_count(model)));
}

/// What the file says of a model that was written here.
void read_metadata(const File& file, Model& model) {
  if (model.outputs.meaning == Meaning::values && metadata(file, kMeaning) == "\"logits\"") {
    model.outputs.meaning = Meaning::logits;
  }
  const auto rounding = texts(file, kRequantizing, model.layers.size());
  for (std::size_t i = 0; i < rounding.size(); ++i) {
    auto* layer = std::get_if<Int8Layer>(&model.layers[i]);
    if (layer != nullptr && rounding[i] == name(Requantizing::double_rounding)) {
      layer->requantizing = Requantizing::double_rounding;
    }
  }
}

ReadModel read(const std::filesystem::path& path, const ReadOptions& options) {
  const File file = open_file(path);
  const std::string output = choose_output(file, options.output);
  ReadModel read = read_output(file, output);
  read_names(file, read.model);
  read_metadata(file, read.model);
  std::vector<std::string> others;
  for (const Value& each : outputs(file)) {
    if (each.name != output) others.push_back(each.text);
  }
  if (!others.empty()) {
    read.notes.push_back(
        fmt::format("output '{}' is taken, not {}", output, fmt::join(others, ", ")));
  }
  return read;
}

/// Files begin with the field ir_version, whose tag is 8, and a small number.
bool recognizes(std::string_view bytes) {
  return bytes.size() > 1 && bytes[0] == 8 && bytes[1] > 0 && bytes[1] < 64;
}

}  // namespace
}  // namespace onnx

extern const ModelFormat kOnnx;
const ModelFormat kOnnx{
    .name = "onnx",
    .title = "ONNX",
    .endings = {".onnx"},
    .takes = "chains of dense layers and activations, float32 or int8 (QDQ), opset 7 to 22",
    .recognizes = onnx::recognizes,
    .read = onnx::read,
    .write = onnx::write};

}  // namespace pare::nn
