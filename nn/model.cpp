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

/// Its parameter is a slope, or a size: below 0 the function would not rise.
void check_activation(std::size_t index, Activation activation) {
  if (!(activation.alpha >= 0) || !std::isfinite(activation.alpha)) {
    refuse(index, fmt::format("{} has alpha {}; it must be 0 or more, and finite", name(activation),
                              activation.alpha));
  }
}

void check_layer(std::size_t index, const DenseLayer& layer) {
  check_activation(index, layer.activation);
  if (layer.bias.size() != layer.weights.rows()) {
    refuse(index, fmt::format("{} biases for {} outputs", layer.bias.size(), layer.weights.rows()));
  }
  if (!layer.weights.allFinite() || !layer.bias.allFinite()) {
    refuse(index, "a weight or bias is not finite; a lower learning rate may help");
  }
}

void check_layer(std::size_t index, const Int8Layer& layer) {
  check_activation(index, layer.activation);
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
    const std::optional<Quantization> fixed = table_output(layer.activation);
    if (fixed && layer.output != *fixed) {
      refuse(index, fmt::format("the outputs of {} must have scale {} and zero point {}",
                                name(layer.activation), fixed->scale, fixed->zero_point));
    }
  }
  if (layer.weights.cast<int>().minCoeff() < -127) refuse(index, "a weight is below -127");
  for (Index row = 0; row < outputs; ++row) {
    if (!accumulator_fits(layer, row)) {
      refuse(index, fmt::format("output {} could overflow its 32-bit accumulator", row));
    }
  }
}

/// Throws unless there are as many finite numbers as there are inputs or outputs, or none.
void check_end(std::string_view what, const RowVector& values, Index count) {
  if (values.size() != 0 && values.size() != count) {
    throw std::invalid_argument(fmt::format("{} {}s for {}", values.size(), what, count));
  }
  if (!values.allFinite()) throw std::invalid_argument(fmt::format("an {} is not finite", what));
}

void check_ends(const Model& model) {
  const Index inputs = input_count(model);
  const Index outputs = output_count(model);
  check_end("input offset", model.inputs.offset, inputs);
  check_end("input factor", model.inputs.factor, inputs);
  check_end("output offset", model.outputs.offset, outputs);
  check_end("output factor", model.outputs.factor, outputs);
  const auto features = static_cast<Index>(model.inputs.names.size());
  if (features != 0 && features != inputs) {
    throw std::invalid_argument(fmt::format("{} names for {} inputs", features, inputs));
  }
  const auto names = static_cast<Index>(model.outputs.names.size());
  if (names != 0 && names != outputs && !is_binary(model)) {
    throw std::invalid_argument(fmt::format("{} names for {} outputs", names, outputs));
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
    if (out != in) {
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
  check_ends(model);
}

bool is_classifier(const Model& model) {
  return model.outputs.meaning != Meaning::values || is_binary(model);
}

std::vector<std::string> class_names(const Model& model) {
  if (!model.outputs.names.empty()) return model.outputs.names;
  std::vector<std::string> names;
  const Index count = is_binary(model) ? 2 : output_count(model);
  for (Index k = 0; k < count; ++k) names.push_back(fmt::format("{}", k));
  return names;
}

bool is_binary(const Model& model) {
  if (model.layers.empty()) return false;
  const Activation last =
      std::visit([](const auto& l) { return l.activation; }, model.layers.back());
  return output_count(model) == 1 && last == Activation::sigmoid &&
         (model.outputs.names.empty() || model.outputs.names.size() == 2);
}

Arithmetic arithmetic(const Model& model) {
  return std::holds_alternative<Int8Layer>(model.layers.front()) ? Arithmetic::int8
                                                                 : Arithmetic::float32;
}

std::string widths(const Model& model) {
  std::string text = fmt::format("{}", input_count(model));
  for (const Layer& layer : model.layers) text += fmt::format("-{}", output_count(layer));
  return text;
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

std::string_view name(Activation activation) { return activation.function().info.name; }

std::string_view name(Arithmetic arithmetic) {
  return arithmetic == Arithmetic::int8 ? "int8" : "float32";
}

std::string_view name(Requantizing requantizing) {
  return requantizing == Requantizing::double_rounding ? "double_rounding" : "single_rounding";
}

std::string_view name(Meaning meaning) {
  switch (meaning) {
    case Meaning::values:
      return "values";
    case Meaning::logits:
      return "logits";
    case Meaning::probabilities:
      return "probabilities";
    case Meaning::log_probabilities:
      return "log_probabilities";
  }
  return {};
}

}  // namespace pare::nn
