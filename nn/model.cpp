#include "nn/model.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "nn/activation.h"
#include "nn/quantization.h"

namespace pare::nn {
namespace {

/// Eigen cuts the sums of its products where this machine's caches suggest it, and bytes with them:
/// it shall think of the same caches everywhere.
[[maybe_unused]] const bool kSameCaches = [] {
  Eigen::setCpuCacheSizes(32 << 10, 512 << 10, 4 << 20);
  return true;
}();

[[noreturn]] void refuse(std::size_t layer, std::string_view what) {
  throw std::invalid_argument(fmt::format("layer {}: {}", layer, what));
}

void check_quantization(std::size_t index, const Quantization& q) {
  if (!(q.scale > 0) || !std::isfinite(q.scale)) {
    refuse(index, fmt::format("scale {} is not a positive finite number", q.scale));
  }
  if (q.zero_point < -128 || q.zero_point > 127) {
    refuse(index, fmt::format("zero point {} is outside [-128, 127]", q.zero_point));
  }
}

void check_layer(std::size_t index, const DenseLayer& layer) {
  if (layer.bias.size() != layer.weights.rows()) {
    refuse(index, fmt::format("{} biases for {} outputs", layer.bias.size(), layer.weights.rows()));
  }
  if (!layer.weights.allFinite() || !layer.bias.allFinite()) {
    refuse(index, "a weight or bias is not finite; a lower learning rate may help");
  }
}

void check_layer(std::size_t index, const Int8Layer& layer) {
  const Index outputs = layer.weights.rows();
  if (layer.bias.size() != outputs) {
    refuse(index, fmt::format("{} biases for {} outputs", layer.bias.size(), outputs));
  }
  if (layer.weight_scales.size() != 1 && layer.weight_scales.size() != outputs) {
    refuse(index, fmt::format("{} weight scales for {} outputs; expected 1 or {}",
                              layer.weight_scales.size(), outputs, outputs));
  }
  if (!(layer.weight_scales.minCoeff() > 0) || !layer.weight_scales.allFinite()) {
    refuse(index, "a weight scale is not a positive finite number");
  }
  check_quantization(index, layer.input);
  check_quantization(index, layer.output);
  if (has_table(layer.activation)) {
    check_quantization(index, layer.pre_activation);
    const Quantization fixed = table_output(layer.activation);
    if (layer.output.scale != fixed.scale || layer.output.zero_point != fixed.zero_point) {
      refuse(index, fmt::format("the outputs of {} must have scale {} and zero point {}",
                                name(layer.activation), fixed.scale, fixed.zero_point));
    }
  }
  if (layer.weights.cast<int>().minCoeff() < -127) refuse(index, "a weight is below -127");
  for (Index row = 0; row < outputs; ++row) {
    if (!accumulator_fits(layer, row)) {
      refuse(index, fmt::format("output {} could overflow its 32-bit accumulator", row));
    }
  }
}

void check_neighbours(std::size_t index, const Layer& layer, const Layer& next) {
  if (layer.index() != next.index()) {
    refuse(index + 1, "float32 and int8 layers cannot be mixed in one model");
  }
  if (output_count(layer) != input_count(next)) {
    refuse(index + 1, fmt::format("{} inputs, but the layer before it has {} outputs",
                                  input_count(next), output_count(layer)));
  }
  if (const auto* before = std::get_if<Int8Layer>(&layer)) {
    const Quantization& out = before->output;
    const Quantization& in = std::get<Int8Layer>(next).input;
    if (out.scale != in.scale || out.zero_point != in.zero_point) {
      refuse(index + 1, "its input quantization is not the output quantization before it");
    }
  }
}

Index nonzero_count(const auto& layer) {
  return (layer.weights.array() != 0).count() + (layer.bias.array() != 0).count();
}

}  // namespace

void check(const Model& model) {
  if (model.layers.empty()) throw std::invalid_argument("the model has no layers");
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    if (input_count(model.layers[i]) == 0 || output_count(model.layers[i]) == 0) {
      refuse(i, "it has no weights");
    }
    std::visit([i](const auto& layer) { check_layer(i, layer); }, model.layers[i]);
    if (i + 1 < model.layers.size()) check_neighbours(i, model.layers[i], model.layers[i + 1]);
  }
}

Arithmetic arithmetic(const Model& model) {
  return std::holds_alternative<Int8Layer>(model.layers.front()) ? Arithmetic::int8
                                                                 : Arithmetic::float32;
}

Index input_count(const Layer& layer) {
  return std::visit([](const auto& l) { return l.weights.cols(); }, layer);
}

Index output_count(const Layer& layer) {
  return std::visit([](const auto& l) { return l.weights.rows(); }, layer);
}

Index input_count(const Model& model) { return input_count(model.layers.front()); }

Index output_count(const Model& model) { return output_count(model.layers.back()); }

Index parameter_count(const Layer& layer) {
  return std::visit([](const auto& l) { return l.weights.size() + l.bias.size(); }, layer);
}

Index parameter_count(const Model& model) {
  Index count = 0;
  for (const Layer& layer : model.layers) count += parameter_count(layer);
  return count;
}

Index nonzero_count(const Model& model) {
  Index count = 0;
  for (const Layer& layer : model.layers) {
    count += std::visit([](const auto& l) { return nonzero_count(l); }, layer);
  }
  return count;
}

Index mac_count(const Model& model) {
  Index count = 0;
  for (const Layer& layer : model.layers) count += input_count(layer) * output_count(layer);
  return count;
}

std::string_view name(Activation activation) {
  switch (activation) {
    case Activation::identity:
      return "identity";
    case Activation::relu:
      return "relu";
    case Activation::tanh:
      return "tanh";
    case Activation::sigmoid:
      return "sigmoid";
  }
  return {};
}

std::string_view name(Arithmetic arithmetic) {
  return arithmetic == Arithmetic::int8 ? "int8" : "float32";
}

std::string_view name(Requantizing requantizing) {
  return requantizing == Requantizing::double_rounding ? "double_rounding" : "single_rounding";
}

}  // namespace pare::nn
