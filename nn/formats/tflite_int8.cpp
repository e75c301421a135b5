#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "nn/activation.h"
#include "nn/formats/tflite_steps.h"
#include "nn/quantization.h"

namespace pare::nn::tflite {
namespace {

constexpr int kUint8Offset = 128;

void check_range(const Tensor& weights, int least, int most) {
  if (least >= -127 && most <= 127) return;
  refuse(
      fmt::format("its {} weights, less their zero point, go from {} to {}, and those of int8 "
                  "lie in [-127, 127]; convert the model to int8 again",
                  weights.type, least, most));
}

/// Weights of int8, or of uint8 less their zero point.
Int8Matrix int8_weights(const Tensor& tensor) {
  if (tensor.type == kUint8) {
    const auto weights = elements<std::uint8_t>(tensor, kUint8);
    const int zero_point = quantization(tensor).zero_point + kUint8Offset;
    check_range(tensor, weights.minCoeff() - zero_point, weights.maxCoeff() - zero_point);
    return weights.unaryExpr(
        [=](std::uint8_t weight) { return static_cast<std::int8_t>(weight - zero_point); });
  }
  Int8Matrix weights = elements<std::int8_t>(tensor, kInt8);
  expect_no_zero_point(tensor);
  check_range(tensor, weights.minCoeff(), weights.maxCoeff());
  return weights;
}

/// The bias, whose scale must be that of the products that it is added to.
Int32Vector int8_bias(const Step& step, const Int8Layer& layer) {
  const Tensor* bias = dense_bias(step);
  if (bias == nullptr) return Int32Vector::Zero(layer.weights.rows());
  Int32Vector values = elements<std::int32_t>(*bias, kInt32).reshaped();
  expect_no_zero_point(*bias);
  if (bias->scales.empty()) return values;
  const Vector scales = row_scales(*bias, values.size());
  for (Index row = 0; row < values.size(); ++row) {
    const double expected = double{layer.input.scale} * double{row_scale(layer.weight_scales, row)};
    const double found = double{row_scale(scales, row)};
    constexpr double kTolerance = 1e-5;  // both are rounded to float32
    if (std::abs(found - expected) <= kTolerance * expected) continue;
    refuse(
        fmt::format("the scale of its bias is {:.7g} for output {}; input scale * weight scale "
                    "is {:.7g}",
                    found, row, expected));
  }
  return values;
}

/// Puts an activation with outputs `to` behind a layer without one. relu6 between equal
/// quantizations only cuts.
void activate(Int8Layer& layer, Activation activation, const Quantization& to) {
  layer.activation = int8_activation(activation, to);
  if (has_table(layer.activation)) layer.pre_activation = layer.output;
  layer.output = to;
}

Int8Layer dense(const Step& step) {
  const Tensor& weights = dense_weights(step);
  if (weights_type(step) != step.input.type) {
    refuse(
        fmt::format("its weights are {} and its input is {}; supported are INT8 with INT8, UINT8 "
                    "with UINT8, and FLOAT32 or INT8 with FLOAT32",
                    weights_type(step), step.input.type));
  }
  const Activation fused = activation(step.op, step.op.fused);
  if (fused != Activation::identity && fused != Activation::relu && fused != Activation::relu6) {
    refuse(
        fmt::format("it ends in {}, which TFLite does not compute in {}; an operator of its own "
                    "is supported",
                    step.op.fused, step.input.type));
  }
  Int8Layer layer{int8_weights(weights),
                  {},
                  row_scales(weights, weights.shape[0]),
                  quantization(step.input),
                  quantization(step.output)};
  layer.bias = int8_bias(step, layer);
  activate(layer, fused, layer.output);
  return layer;
}

Int8Activation own_activation(const Step& step) {
  const std::string& name = step.op.name;
  const bool cuts = name == "RELU" || name == "RELU6";
  if (!cuts && !has_int8_operator(name)) {
    refuse(
        fmt::format("it is not supported on {}, as TANH, LOGISTIC, LEAKY_RELU, RELU and RELU6 are",
                    step.input.type));
  }
  const Int8Activation result{activation(step.op, name), quantization(step.output)};
  if (cuts && quantization(step.input) != result.to) {
    refuse(
        fmt::format("it changes the scale from {} to {}, or the zero point; supported is one that "
                    "is fused, or changes neither",
                    quantization(step.input).scale, result.to.scale));
  }
  return result;
}

}  // namespace

bool has_int8_operator(std::string_view name) {
  return name == "TANH" || name == "LOGISTIC" || name == "LEAKY_RELU";
}

bool is_int8(const Tensor& tensor) { return tensor.type == kInt8 || tensor.type == kUint8; }

Quantization quantization(const Tensor& tensor) {
  if (tensor.scales.size() != 1 || tensor.zero_points.size() > 1) {
    refuse(fmt::format("tensor {} has {} scales and {} zero points, expected one of each",
                       in_quotes(tensor.name), tensor.scales.size(), tensor.zero_points.size()));
  }
  const float scale = tensor.scales[0];
  if (!(scale > 0) || !std::isfinite(scale)) {
    refuse(fmt::format("tensor {} has scale {}", in_quotes(tensor.name), scale));
  }
  const std::int64_t least = tensor.type == kUint8 ? 0 : -kUint8Offset;
  const std::int64_t zero_point = tensor.zero_points.empty() ? 0 : tensor.zero_points[0];
  if (zero_point < least || zero_point > least + 255) {
    refuse(fmt::format("tensor {} has zero point {}, outside [{}, {}]", in_quotes(tensor.name),
                       zero_point, least, least + 255));
  }
  return {scale, static_cast<std::int32_t>(zero_point - least - kUint8Offset)};
}

Int8Operation int8_operation(const Step& step) {
  const std::string& name = step.op.name;
  if (name == "FULLY_CONNECTED") return {step.place, dense(step)};
  if (is_softmax(step.op)) return {step.place, softmax(step)};
  return {step.place, own_activation(step)};
}

Model int8_model(const std::vector<Int8Operation>& chain) {
  Model model;
  for (const Int8Operation& step : chain) {
    const auto refuse_here = [&](std::string_view what) {
      refuse(fmt::format("{}: {}", step.place, what));
    };
    if (model.outputs.meaning != Meaning::values) refuse_here("it follows a softmax");
    if (const auto* layer = std::get_if<Int8Layer>(&step.what)) {
      model.layers.emplace_back(*layer);
      continue;
    }
    if (model.layers.empty()) refuse_here("it has no FULLY_CONNECTED before it");
    if (const auto* softmax = std::get_if<SoftmaxOperation>(&step.what)) {
      model.outputs.meaning =
          softmax->logarithm ? Meaning::log_probabilities : Meaning::probabilities;
      continue;
    }
    auto& last = std::get<Int8Layer>(model.layers.back());
    if (last.activation != Activation::identity) {
      refuse_here(fmt::format("it follows {}, with no FULLY_CONNECTED between them",
                              text(last.activation)));
    }
    const auto& own = std::get<Int8Activation>(step.what);
    activate(last, own.activation, own.to);
  }
  return model;
}

}  // namespace pare::nn::tflite
