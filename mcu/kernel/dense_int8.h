#pragma once

#include <stdint.h>

#include "optimize.h"

namespace pare {

/// One int8 dense layer as it lies in flash.
struct DenseInt8 {
  using Value = int8_t;
  const int8_t* weights;       ///< [outputs][inputs], in [-127, 127]
  const int32_t* bias;         ///< [outputs], with -input_zero_point * sum(weights) folded in
  const int32_t* multipliers;  ///< [1], or [outputs] if per_row
  const int8_t* shifts;        ///< as multipliers; a positive one shifts left
  uint16_t inputs;
  uint16_t outputs;
  uint8_t per_row;  ///< 1 or 0
  int8_t output_zero_point;
  int8_t output_min;  ///< the zero point after ReLU, else -128
};

/// round(round(value * 2^max(shift, 0) * multiplier / 2^31) / 2^max(-shift, 0)), ties of the first
/// rounding towards +infinity, of the second away from zero. The exporter has proven
/// |value| * 2^max(shift, 0) < 2^30. Source: TFLite kernels/internal/common.h,
/// MultiplyByQuantizedMultiplier.
inline int32_t requantize(int32_t value, int32_t multiplier, int32_t shift) {
  if (shift > 0) value *= int32_t(1) << shift;
  const int32_t high = int32_t((int64_t(value) * multiplier + (int64_t(1) << 30)) >> 31);
  if (shift >= 0) return high;
  return (high + (high >> 31) + (int32_t(1) << (-shift - 1))) >> -shift;
}

PARE_OPTIMIZE_SPEED

/// outputs[r] = clamp(requantize(bias[r] + sum_i weights[r][i] * inputs[i]) + output_zero_point).
/// Reads `inputs` values, writes `outputs`; they must not overlap.
inline void dense(const DenseInt8& layer, const int8_t* inputs, int8_t* outputs) {
  const int8_t* weights = layer.weights;
  const int32_t* multiplier = layer.multipliers;
  const int8_t* shift = layer.shifts;
  for (const int32_t *bias = layer.bias, *end = bias + layer.outputs; bias != end; ++bias) {
    int32_t sum = *bias;
    for (const int8_t* in = inputs, *in_end = inputs + layer.inputs; in != in_end; ++in) {
      sum += int32_t(*weights++) * *in;
    }
    int32_t y = requantize(sum, *multiplier, *shift) + layer.output_zero_point;
    if (y < layer.output_min) y = layer.output_min;
    if (y > 127) y = 127;
    *outputs++ = int8_t(y);
    multiplier += layer.per_row;
    shift += layer.per_row;
  }
}

PARE_OPTIMIZE_END

}  // namespace pare
