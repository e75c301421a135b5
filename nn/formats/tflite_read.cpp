#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "nn/formats/format.h"
#include "nn/formats/tflite_steps.h"
#include "nn/formats/tflite_write.h"
#include "nn/text_file.h"

namespace pare::nn {
namespace tflite {
namespace {

/// What the operators of a chain have become.
struct Chain {
  std::vector<Int8Operation> int8s;
  std::vector<Operation> floats;     ///< behind the ones on int8, if there are any
  std::vector<std::string> hybrid;   ///< the places of int8 weights on float32 values
  std::vector<std::string> rounded;  ///< the places of a softmax on int8
};

/// What an output needs.
struct Needed {
  std::vector<std::size_t> operators;  ///< in their order
  std::vector<std::size_t> inputs;     ///< tensors that no operator computes before they are needed
};

const Tensor& tensor(const Graph& graph, std::int32_t index) {
  return graph.tensors[static_cast<std::size_t>(index)];
}

constexpr std::size_t kMostLines = 20;

/// A title, and what it is about in lines of their own, as far as that is of use.
std::string list(std::string title, const std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < std::min(kMostLines, lines.size()); ++i) title += "\n  " + lines[i];
  if (lines.size() > kMostLines) title += fmt::format("\n  and {} more", lines.size() - kMostLines);
  return title;
}

/// The inputs of an operator that are computed. Of a dense layer and a reshape it is the first, or
/// none: the others must be constants, or say what the output's shape says too.
std::vector<std::int32_t> computed_inputs(const Graph& graph, const Operator& op) {
  std::vector<std::int32_t> computed;
  for (const std::int32_t input : op.inputs) {
    if (input >= 0 && find_constant(graph, input) == nullptr) computed.push_back(input);
    if (op.name == "FULLY_CONNECTED" || is_reshape(op)) break;
  }
  return computed;
}

Needed needed_by(const Graph& graph, std::int32_t output) {
  std::vector<bool> open(graph.tensors.size());  // needed, and not computed by what was looked at
  const auto at = [&](std::int32_t index) { return open[static_cast<std::size_t>(index)]; };
  at(output) = true;
  Needed needed;
  for (std::size_t i = graph.operators.size(); i-- > 0;) {
    const Operator& op = graph.operators[i];
    if (std::none_of(op.outputs.begin(), op.outputs.end(), at)) continue;
    for (const std::int32_t index : op.outputs) at(index) = false;
    for (const std::int32_t index : computed_inputs(graph, op)) at(index) = true;
    needed.operators.push_back(i);
  }
  std::reverse(needed.operators.begin(), needed.operators.end());
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (open[i]) needed.inputs.push_back(i);
  }
  return needed;
}

/// Constants may be shared, but not so often that a small file takes much memory.
void take_room(const Step& step, std::size_t& room) {
  std::size_t bytes = 0;
  for (const std::int32_t input : step.op.inputs) {
    const Tensor* constant = find_constant(step.graph, input);
    if (constant == nullptr) continue;
    bytes += constant->data.size();
    if (is_elementwise(step.op) && constant->data.size() > sizeof(float)) {
      bytes += 2 * sizeof(double) * static_cast<std::size_t>(sample_size(step.input));
    }
  }
  if (bytes > room) refuse("the file's constants are used so often that it must be damaged");
  room -= bytes;
}

/// QUANTIZE and DEQUANTIZE: at the ends of int8 layers, which take and give reals here anyway.
void convert_ends(const Step& step, const Chain& chain) {
  const bool quantizes = step.op.name == "QUANTIZE";
  if (quantizes && is_int8(step.input) && is_int8(step.output)) {
    if (quantization(step.input) == quantization(step.output)) return;  // of int8 and uint8
    refuse("it changes the scale or the zero point of what is quantized already");
  }
  if ((quantizes ? step.input : step.output).type != kFloat32 ||
      !is_int8(quantizes ? step.output : step.input)) {
    refuse(fmt::format("it makes {} of {}; between FLOAT32 and INT8 or UINT8 it is supported",
                       step.output.type, step.input.type));
  }
  if (quantizes && !(chain.floats.empty() && chain.int8s.empty())) {
    refuse("it is not the first; supported are layers that are all in INT8, or none");
  }
  if (!quantizes && chain.int8s.empty()) refuse("it has no layers in INT8 before it");
}

void convert(const Step& step, Chain& chain) {
  if (is_quantize(step.op)) return convert_ends(step, chain);
  const std::string_view type = step.input.type;
  if ((type != kFloat32 && !is_int8(step.input)) || step.output.type != type) {
    refuse(fmt::format("it makes {} of {}; FLOAT32, INT8 and UINT8 are supported", step.output.type,
                       type));
  }
  if (is_reshape(step.op)) {
    if (element_count(step.input) != element_count(step.output)) refuse("it changes the size");
    if (type != kFloat32 && quantization(step.input) != quantization(step.output)) {
      refuse("it changes the scale or the zero point");
    }
  } else if (type == kFloat32) {
    add_float_operations(step, chain.floats, chain.hybrid);
  } else {
    chain.int8s.push_back(int8_operation(step));
    if (is_softmax(step.op)) chain.rounded.push_back(step.place);
  }
}

/// Operator `i`, which must be of a chain.
Step chain_step(const Graph& graph, std::size_t i, std::string place) {
  const Operator& op = graph.operators[i];
  check_supported(op);
  const std::vector<std::int32_t> computed = computed_inputs(graph, op);
  if (computed.empty()) refuse("all that it takes are constants");
  const Tensor& input = tensor(graph, computed[0]);
  if (computed.size() > 1) {
    refuse(fmt::format("it joins {} and {}; an MLP is a chain of layers", in_quotes(input.name),
                       in_quotes(tensor(graph, computed[1]).name)));
  }
  if (op.outputs.size() > 1) refuse(fmt::format("it has {} outputs", op.outputs.size()));
  return {graph, op, input, tensor(graph, op.outputs[0]), std::move(place)};
}

/// All operators that an output needs, or what is not supported of them, all at once.
Chain convert_all(const Graph& graph, const Needed& needed, std::size_t room) {
  Chain chain;
  std::vector<std::string> problems;
  for (const std::size_t i : needed.operators) {
    const Operator& op = graph.operators[i];
    const std::string place = fmt::format(
        "operator {} {} ({})", i, in_quotes(tensor(graph, op.outputs[0]).name), printable(op.name));
    try {
      const Step step = chain_step(graph, i, place);
      take_room(step, room);
      convert(step, chain);
    } catch (const std::invalid_argument& error) {
      problems.push_back(fmt::format("{}: {}", place, error.what()));
    }
  }
  if (problems.empty()) return chain;
  if (problems.size() == 1) throw std::runtime_error(problems.front());
  throw std::runtime_error(
      list(fmt::format("{} things in it are not read:", problems.size()), problems));
}

/// Where a chain begins: every operator of it takes one tensor, so that one is left.
const Tensor& chain_input(const Graph& graph, const Needed& needed) {
  const std::size_t index = needed.inputs.at(0);
  const auto& inputs = graph.inputs;
  const bool given =
      std::find(inputs.begin(), inputs.end(), static_cast<std::int32_t>(index)) != inputs.end();
  if (!given) {
    throw std::runtime_error(fmt::format("tensor {} is needed before an operator computes it",
                                         in_quotes(graph.tensors[index].name)));
  }
  return graph.tensors[index];
}

/// The model of int8 layers, behind which float32 may only have a softmax.
Model int8_model(Chain chain) {
  for (const Operation& operation : chain.floats) {
    const auto* softmax = std::get_if<SoftmaxOperation>(&operation.what);
    if (softmax == nullptr) {
      refuse(operation.place + ": it is in FLOAT32, and layers before it are in INT8");
    }
    chain.int8s.push_back({operation.place, *softmax});
  }
  return int8_model(chain.int8s);
}

ReadModel read_output(const Graph& graph, std::int32_t output, std::size_t room) {
  const Needed needed = needed_by(graph, output);
  const Chain chain = convert_all(graph, needed, room);
  const Tensor& input = chain_input(graph, needed);
  ReadModel result;
  result.model = chain.int8s.empty() ? fold(sample_size(input), chain.floats, result.notes)
                                     : int8_model(chain);
  if (!chain.hybrid.empty()) {
    result.notes.push_back(
        fmt::format("{}: int8 weights of float32 values are read as the reals that they stand for; "
                    "TensorFlow's runtime also rounds the values, so that it gives other outputs",
                    fmt::join(chain.hybrid, ", ")));
  }
  for (const std::string& place : chain.rounded) {
    result.notes.push_back(place + ": it is computed in float32 here, and in int8 by the file");
  }
  return result;
}

bool is_readable(const Graph& graph, std::int32_t output, std::size_t room) {
  try {
    read_output(graph, output, room);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

/// The output that `name` says, or the only one.
std::int32_t chosen_output(const Graph& graph, const std::string& name, std::size_t room) {
  const std::vector<std::int32_t>& outputs = graph.outputs;
  if (outputs.empty()) throw std::runtime_error("it has no output");
  if (name.empty() && outputs.size() == 1) return outputs[0];
  const auto found = std::find_if(outputs.begin(), outputs.end(), [&](std::int32_t output) {
    return tensor(graph, output).name == name;
  });
  if (found != outputs.end() && !name.empty()) return *found;
  std::vector<std::string> all;
  for (const std::int32_t output : outputs) {
    const Tensor& given = tensor(graph, output);
    all.push_back(fmt::format("{} [{}]", in_quotes(given.name), fmt::join(given.shape, ", ")));
    if (all.size() <= kMostLines && !is_readable(graph, output, room)) {
      all.back() += ", which is not read";
    }
  }
  const std::string what = name.empty() ? fmt::format("it has {} outputs", outputs.size())
                                        : fmt::format("it has no output {}", in_quotes(name));
  throw std::runtime_error(list(what + "; take one with output = \"NAME\":", all));
}

bool recognizes(std::string_view bytes) {
  constexpr std::size_t kIdentifier = 4;
  return bytes.size() >= 2 * kIdentifier && bytes.substr(kIdentifier, 4) == "TFL3";
}

ReadModel read(const std::filesystem::path& path, const ReadOptions& options) {
  const std::string bytes = read_bytes(path);
  const Graph graph = parse(bytes);
  const std::size_t room = room_for(bytes.size());
  return read_output(graph, chosen_output(graph, options.output, room), room);
}

}  // namespace
}  // namespace tflite

extern const ModelFormat kTflite;
const ModelFormat kTflite{
    .name = "tflite",
    .title = "TFLite",
    .endings = {".tflite"},
    .takes = "dense layers in float32, float16, int8 or uint8, with scalings and a softmax around",
    .recognizes = tflite::recognizes,
    .read = tflite::read,
    .write = tflite::write};

}  // namespace pare::nn
