#include "nn/quantization.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "nn/activation.h"

namespace pare::nn {

FixedPointMultiplier quantize_multiplier(double factor) {
  if (!(factor >= 0 && factor < 0x1p30)) {
    throw std::invalid_argument(
        fmt::format("requantization factor {} is outside [0, 2^30)", factor));
  }
  int shift = 0;
  std::int64_t multiplier = std::llround(std::frexp(factor, &shift) * 0x1p31);
  if (multiplier == std::int64_t{1} << 31) {
    multiplier /= 2;
    ++shift;
  }
  if (shift < -31) return {};
  return {static_cast<std::int32_t>(multiplier), shift};
}

std::int32_t requantize(std::int32_t value, FixedPointMultiplier factor) {
  const int left = std::max(factor.shift, 0);
  const int right = std::max(-factor.shift, 0);
  const std::int64_t product = (std::int64_t{value} << left) * factor.multiplier;
  if (factor.requantizing == Requantizing::single_rounding) {
    return static_cast<std::int32_t>((product + (std::int64_t{1} << (30 + right))) >> (31 + right));
  }
  const std::int64_t nudge = product >= 0 ? std::int64_t{1} << 30 : 1 - (std::int64_t{1} << 30);
  const std::int64_t high = (product + nudge) / (std::int64_t{1} << 31);
  const std::int64_t mask = (std::int64_t{1} << right) - 1;
  const std::int64_t remainder = high & mask;
  const std::int64_t threshold = (mask >> 1) + (high < 0 ? 1 : 0);
  return static_cast<std::int32_t>((high >> right) + (remainder > threshold ? 1 : 0));
}

float row_scale(const Vector& scales, Index row) { return scales[scales.size() == 1 ? 0 : row]; }

Matrix dequantize_weights(const Int8Matrix& weights, const Vector& scales) {
  Matrix reals = weights.cast<float>();
  for (Index row = 0; row < reals.rows(); ++row) reals.row(row) *= row_scale(scales, row);
  return reals;
}

Model dequantized(const Model& model) {
  Model floats{{}, model.inputs, model.outputs};
  for (const Layer& any : model.layers) {
    const auto* layer = std::get_if<Int8Layer>(&any);
    if (layer == nullptr) {
      floats.layers.push_back(any);
      continue;
    }
    DenseLayer dense{dequantize_weights(layer->weights, layer->weight_scales),
                     Vector(layer->bias.size()), layer->activation};
    for (Index row = 0; row < dense.bias.size(); ++row) {
      dense.bias[row] = static_cast<float>(double{layer->input.scale} *
                                           double{row_scale(layer->weight_scales, row)} *
                                           static_cast<double>(layer->bias[row]));
    }
    floats.layers.emplace_back(std::move(dense));
  }
  return floats;
}

const Quantization& requantized(const Int8Layer& layer) {
  return has_table(layer.activation) ? layer.pre_activation : layer.output;
}

FixedPointMultiplier row_multiplier(const Int8Layer& layer, Index row) {
  const double product = layer.weight_scales.size() == 1
                             ? static_cast<double>(layer.input.scale * layer.weight_scales[0])
                             : double{layer.input.scale} * double{layer.weight_scales[row]};
  FixedPointMultiplier factor = quantize_multiplier(product / double{requantized(layer).scale});
  factor.requantizing = layer.requantizing;
  return factor;
}

AccumulatorRange accumulator_range(const Int8Layer& layer, Index row) {
  AccumulatorRange range{layer.bias[row], layer.bias[row]};
  for (Index i = 0; i < layer.weights.cols(); ++i) {
    const std::int64_t weight = layer.weights(row, i);
    const std::int64_t at_low = weight * (-128 - layer.input.zero_point);
    const std::int64_t at_high = weight * (127 - layer.input.zero_point);
    range.low += std::min({at_low, at_high, std::int64_t{0}});
    range.high += std::max({at_low, at_high, std::int64_t{0}});
  }
  return range;
}

bool accumulator_fits(const Int8Layer& layer, Index row) {
  const AccumulatorRange range = accumulator_range(layer, row);
  const int left = std::max(row_multiplier(layer, row).shift, 0);
  const std::int64_t limit = (std::int64_t{1} << 30) >> left;
  return range.low > -limit && range.high < limit;
}

Quantization choose_quantization(float low, float high) {
  const double least = std::min(double{low}, 0.0);
  const double most = std::max(double{high}, 0.0);
  const double scale = (most - least) / 255;
  if (!(scale >= double{std::numeric_limits<float>::min()})) return {};
  const double from_least = -128 - least / scale;
  const double from_most = 127 - most / scale;
  const double error_least = 128 + std::abs(least / scale);
  const double error_most = 127 + std::abs(most / scale);
  const double zero_point = std::round(error_least < error_most ? from_least : from_most);
  return {static_cast<float>(scale),
          static_cast<std::int32_t>(std::clamp(zero_point, -128.0, 127.0))};
}

std::int8_t quantize(float real, const Quantization& quantization) {
  const float steps = std::round(real / quantization.scale);
  const float shifted = steps + static_cast<float>(quantization.zero_point);
  return static_cast<std::int8_t>(std::clamp(shifted, -128.0F, 127.0F));
}

float dequantize(std::int8_t quantized, const Quantization& quantization) {
  return quantization.scale * static_cast<float>(quantized - quantization.zero_point);
}

Int8Matrix quantize(const Matrix& reals, const Quantization& quantization) {
  return reals.unaryExpr([&](float real) { return quantize(real, quantization); });
}

Matrix dequantize(const Int8Matrix& quantized, const Quantization& quantization) {
  return quantized.unaryExpr([&](std::int8_t q) { return dequantize(q, quantization); });
}

}  // namespace pare::nn
