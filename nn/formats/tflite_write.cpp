#include "nn/formats/tflite_write.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "nn/activation.h"
#include "nn/ends.h"
#include "nn/formats/tflite_steps.h"
#include "nn/forward.h"
#include "nn/quantization.h"

namespace pare::nn::tflite {
namespace {

// What int8 outputs of a softmax stand for. Source: TFLite 8-bit quantization specification.
constexpr Quantization kSoftmaxOutput{1.0F / 256, -128};
constexpr Quantization kLogSoftmaxOutput{16.0F / 256, 127};

// The versions from which operators exist on int8. Source:
// tensorflow/lite/tools/versioning/op_version.cc.
constexpr std::int32_t kInt8Dense = 4;
constexpr std::int32_t kInt8Other = 2;

Tensor computed(std::string name, Index size) {
  return {std::move(name), {1, static_cast<std::int32_t>(size)}, kFloat32};
}

Tensor computed(std::string name, Index size, const Quantization& quantization) {
  return {std::move(name),
          {1, static_cast<std::int32_t>(size)},
          kInt8,
          {},
          {quantization.scale},
          {quantization.zero_point}};
}

/// A constant, whose data stays where it is.
Tensor constant(std::string name, std::vector<Index> shape, std::string_view type,
                const auto& values) {
  const auto bytes = static_cast<std::size_t>(values.size()) * sizeof(values.data()[0]);
  return {std::move(name),
          {shape.begin(), shape.end()},
          type,
          {reinterpret_cast<const char*>(values.data()), bytes}};
}

/// The same with zero point 0.
Tensor scaled(Tensor tensor, const Vector& scales) {
  tensor.scales.assign(scales.begin(), scales.end());
  tensor.zero_points.assign(tensor.scales.size(), 0);
  return tensor;
}

/// A chain of operators, each of which takes what the one before it gives.
class Chain {
 public:
  explicit Chain(Tensor input) { graph_.inputs = {end_ = add(std::move(input))}; }

  void append(Operator op, std::vector<Tensor> constants, Tensor output) {
    op.inputs = {end_};
    for (Tensor& tensor : constants) op.inputs.push_back(add(std::move(tensor)));
    op.outputs = {end_ = add(std::move(output))};
    graph_.operators.push_back(std::move(op));
  }

  Graph finish() {
    graph_.tensors[static_cast<std::size_t>(end_)].name = "output";
    graph_.outputs = {end_};
    return std::move(graph_);
  }

 private:
  std::int32_t add(Tensor tensor) {
    graph_.tensors.push_back(std::move(tensor));
    return static_cast<std::int32_t>(graph_.tensors.size()) - 1;
  }

  Graph graph_;
  std::int32_t end_;
};

/// The operator of an activation of the layer, or the inputs, called `where`.
Operator own_operator(Activation activation, std::string_view where) {
  const ActivationInfo& info = activation.function().info;
  Operator op{std::string(info.tflite)};
  if (info.alpha && op.name == "LEAKY_RELU") {
    op.alpha = activation.alpha;
  } else if (op.name.empty() || activation.alpha != (info.alpha ? 1 : 0)) {
    throw std::invalid_argument(fmt::format("{}: TFLite has no {}", where, text(activation)));
  }
  return op;
}

void append_inputs(const Inputs& ends, Index size, Chain& chain) {
  if ((ends.offset.array() != 0).any()) {
    chain.append({"SUB"}, {constant("input_offset", {size}, kFloat32, ends.offset)},
                 computed("input_shifted", size));
  }
  if ((ends.factor.array() != 1).any()) {
    chain.append({"MUL"}, {constant("input_factor", {size}, kFloat32, ends.factor)},
                 computed("input_scaled", size));
  }
  if (ends.activation != Activation::identity) {
    chain.append(own_operator(ends.activation, "inputs"), {}, computed("input_activated", size));
  }
}

void append_outputs(const Outputs& ends, Index size, Chain& chain) {
  if ((ends.factor.array() != 1).any()) {
    chain.append({"MUL"}, {constant("output_factor", {size}, kFloat32, ends.factor)},
                 computed("output_scaled", size));
  }
  if ((ends.offset.array() != 0).any()) {
    chain.append({"ADD"}, {constant("output_offset", {size}, kFloat32, ends.offset)},
                 computed("output_shifted", size));
  }
}

bool scales(const Outputs& ends) {
  return (ends.factor.array() != 1).any() || (ends.offset.array() != 0).any();
}

void append_softmax(const Outputs& ends, Index size, bool int8, Chain& chain) {
  const bool logarithm = ends.meaning == Meaning::log_probabilities;
  if (!logarithm && ends.meaning != Meaning::probabilities) return;
  if (int8 && scales(ends)) {
    throw std::invalid_argument("outputs: an int8 file cannot scale them in front of a softmax");
  }
  Operator op{logarithm ? "LOG_SOFTMAX" : "SOFTMAX", int8 ? kInt8Other : 1};
  op.beta = 1;
  chain.append(op, {},
               int8 ? computed("softmax", size, logarithm ? kLogSoftmaxOutput : kSoftmaxOutput)
                    : computed("softmax", size));
}

void append(const DenseLayer& layer, const std::string& name, Chain& chain) {
  const auto [outputs, inputs] = std::pair(layer.weights.rows(), layer.weights.cols());
  // TANH could be fused by the schema, which TensorFlow's own runtime refuses.
  const bool fuses = layer.activation == Activation::relu || layer.activation == Activation::relu6;
  Operator op{"FULLY_CONNECTED"};
  if (fuses) op.fused = layer.activation.function().info.tflite;
  chain.append(op,
               {constant(name + "/weights", {outputs, inputs}, kFloat32, layer.weights),
                constant(name + "/bias", {outputs}, kFloat32, layer.bias)},
               computed(name, outputs));
  if (fuses || layer.activation == Activation::identity) return;
  chain.append(own_operator(layer.activation, name), {}, computed(name + "/activation", outputs));
}

void append(const Int8Layer& layer, const std::string& name, Chain& chain) {
  const auto [outputs, inputs] = std::pair(layer.weights.rows(), layer.weights.cols());
  const bool cuts = layer.activation == Activation::relu6;
  if (cuts && layer.pre_activation != layer.output) {
    throw std::invalid_argument(
        fmt::format("{}: its relu6 changes the scale from {} to {}, which TFLite's does not", name,
                    layer.pre_activation.scale, layer.output.scale));
  }
  Operator op{"FULLY_CONNECTED", kInt8Dense};
  if (cuts || layer.activation == Activation::relu) {
    op.fused = layer.activation.function().info.tflite;
  }
  const Vector bias_scales = layer.weight_scales * layer.input.scale;
  chain.append(op,
               {scaled(constant(name + "/weights", {outputs, inputs}, kInt8, layer.weights),
                       layer.weight_scales),
                scaled(constant(name + "/bias", {outputs}, kInt32, layer.bias), bias_scales)},
               computed(name, outputs, requantized(layer)));
  if (cuts || !has_table(layer.activation)) return;
  Operator own = own_operator(layer.activation, name);
  if (!has_int8_operator(own.name)) {
    throw std::invalid_argument(
        fmt::format("{}: {} is not written in int8", name, text(layer.activation)));
  }
  if (own.name != "LEAKY_RELU") own.version = kInt8Other;
  chain.append(own, {}, computed(name + "/activation", outputs, layer.output));
}

void add_losses(const Model& model, std::vector<std::string>& losses) {
  if (!model.inputs.names.empty() || !model.outputs.names.empty()) {
    losses.emplace_back("TFLite holds no names of inputs and outputs");
  }
  if (model.outputs.meaning == Meaning::logits) {
    losses.emplace_back("TFLite does not hold that the outputs are the logits of classes");
  }
  if (arithmetic(model) == Arithmetic::float32) return;
  if (!is_identity(model.inputs)) {
    losses.emplace_back(
        "an int8 file holds no scaling and no activation of its inputs: give it what the first "
        "layer sees, activation((input - offset) * factor)");
  }
  if (scales(model.outputs)) {
    losses.emplace_back(
        "an int8 file holds no scaling of its outputs: take what it gives * factor + offset");
  }
  const bool rounds_once =
      std::any_of(model.layers.begin(), model.layers.end(), [](const auto& layer) {
        return std::get<Int8Layer>(layer).requantizing == Requantizing::single_rounding;
      });
  if (rounds_once) {
    losses.emplace_back(
        "the layers round once, and TFLite Micro rounds twice: its outputs may be a step off");
  }
}

}  // namespace

std::string write(const Model& model, std::vector<std::string>& losses) {
  const bool int8 = arithmetic(model) == Arithmetic::int8;
  const Index inputs = input_count(model);
  const Index outputs = output_count(model);
  Chain chain(int8 ? computed("input", inputs, input_quantization(model))
                   : computed("input", inputs));
  if (!int8) append_inputs(model.inputs, inputs, chain);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    std::visit([&](const auto& layer) { append(layer, fmt::format("layer{}", i), chain); },
               model.layers[i]);
  }
  if (!int8) append_outputs(model.outputs, outputs, chain);
  append_softmax(model.outputs, outputs, int8, chain);
  add_losses(model, losses);
  return serialize(chain.finish());
}

}  // namespace pare::nn::tflite
