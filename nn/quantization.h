#pragma once

#include <cstdint>

#include "nn/model.h"

namespace pare::nn {

/// A positive real factor as integers: multiplier * 2^(shift - 31), multiplier in [2^30, 2^31).
/// Source: TensorFlow Lite kernels/internal/quantization_util.cc, QuantizeMultiplier.
struct FixedPointMultiplier {
  std::int32_t multiplier = 0;  ///< 0 for a factor below 2^-32
  int shift = 0;                ///< > 0 shifts left
  Requantizing requantizing = Requantizing::double_rounding;
};

/// The fixed-point form of `factor`. Throws std::invalid_argument unless 0 <= factor < 2^30.
FixedPointMultiplier quantize_multiplier(double factor);

/// round(round(value * 2^max(shift, 0) * multiplier / 2^31) / 2^max(-shift, 0)), ties of the first
/// rounding towards +infinity, of the second away from zero; with single rounding
/// round(value * multiplier * 2^(shift - 31)), ties towards +infinity. `value` * 2^max(shift, 0)
/// must fit int32. Source: kernels/internal/common.h, MultiplyByQuantizedMultiplier, without and
/// with TFLITE_SINGLE_ROUNDING; gemmlowp fixedpoint.h.
std::int32_t requantize(std::int32_t value, FixedPointMultiplier factor);

/// Of scales [1] for a whole tensor or [outputs] for its rows, that of a row.
float row_scale(const Vector& scales, Index row);

/// The reals that int8 weights [outputs, inputs] with such scales stand for.
Matrix dequantize_weights(const Int8Matrix& weights, const Vector& scales);

/// The float model with the weights that an int8 model stands for; a float model as it is.
Model dequantized(const Model& model);

/// What a layer's accumulators are requantized to: its output, or before a table its
/// pre-activation.
const Quantization& requantized(const Int8Layer& layer);

/// The factor from a row's accumulator to what it is requantized to: input scale * weight scale /
/// that scale; the first product in float32 for a per-tensor scale, in double for per-row ones.
/// Source: kernels/kernel_util.cc, PopulateConvolutionQuantizationParams and
/// GetQuantizedConvolutionMultipler. Rounds as the layer does.
FixedPointMultiplier row_multiplier(const Int8Layer& layer, Index row);

/// What any int8 inputs can make of a sum.
struct AccumulatorRange {
  std::int64_t low;   ///< at most 0 above the bias
  std::int64_t high;  ///< at least 0 above it
};

/// The range of a row's accumulator, and of a part of its sum in any order.
AccumulatorRange accumulator_range(const Int8Layer& layer, Index row);

/// Sums below it, of either sign, fit a word that is scaled by 256, with room for a fraction: so
/// the packed kernels keep them.
constexpr std::int64_t kShortSum = (std::int64_t{1} << 23) - 256;

/// True if no int8 input can bring a row's accumulator, or a part of its sum in any order, as
/// requantize shifts it, to 2^30: one bit below int32, which a kernel may use to double it.
bool accumulator_fits(const Int8Layer& layer, Index row);

/// The int8 quantization of a tensor whose values lie in [low, high]: the range is widened to
/// contain 0, spread over 255 steps, and the zero point nudged to an integer.
/// Source: tensorflow/lite/tools/optimize/quantization_utils.cc, and Jacob et al. 2018, section 3.
Quantization choose_quantization(float low, float high);

/// The nearest int8 for `real`, ties away from zero, saturated.
std::int8_t quantize(float real, const Quantization& quantization);

/// scale * (quantized - zero point).
float dequantize(std::int8_t quantized, const Quantization& quantization);

/// Element by element, shapes kept: [samples, features].
Int8Matrix quantize(const Matrix& reals, const Quantization& quantization);
Matrix dequantize(const Int8Matrix& quantized, const Quantization& quantization);

}  // namespace pare::nn
