#pragma once

#include <stdint.h>

#include "optimize.h"

namespace pare {

/// One int8 dense layer as it lies in flash.
struct DenseInt8 {
  using Value = int8_t;
  const int8_t* weights;       ///< [outputs][inputs], in [-127, 127]
  const int32_t* bias;         ///< [outputs], with -input_zero_point * sum(weights) folded in
  const int32_t* multipliers;  ///< [outputs], Q31
  const int8_t* shifts;        ///< [outputs]; a positive one shifts left
  uint16_t inputs;
  uint16_t outputs;
  int8_t output_zero_point;
  int8_t output_min;  ///< the zero point after ReLU, else -128
};

inline int32_t output_count(const DenseInt8& layer) { return layer.outputs; }

PARE_OPTIMIZE_SPEED

/// round(value * multiplier / 2^31), ties towards +infinity, for |value| < 2^30.
inline int32_t rounding_high_multiply(int32_t value, int32_t multiplier) {
#if defined(__ARM_FEATURE_SIMD32)
  int32_t high;
  asm("smmulr %0, %1, %2" : "=r"(high) : "r"(value * 2), "r"(multiplier));
  return high;
#else
  return int32_t((int64_t(value) * multiplier + (int64_t(1) << 30)) >> 31);
#endif
}

/// round(round(value * 2^max(shift, 0) * multiplier / 2^31) / 2^max(-shift, 0)), ties of the first
/// rounding towards +infinity, of the second away from zero. The exporter has proven
/// |value| * 2^max(shift, 0) < 2^30. Source: TFLite kernels/internal/common.h,
/// MultiplyByQuantizedMultiplier.
inline int32_t requantize(int32_t value, int32_t multiplier, int32_t shift) {
  if (shift >= 0) return rounding_high_multiply(value * (int32_t(1) << shift), multiplier);
  const int32_t high = rounding_high_multiply(value, multiplier);
  return (high + (high >> 31) + (int32_t(1) << (-shift - 1))) >> -shift;
}

#if defined(__ARM_FEATURE_SIMD32)
/// sum + four products, by the instructions that widen two int8 and multiply two pairs of int16.
inline int32_t multiply_add_fours(const int8_t* weights, const int8_t* inputs, int32_t sum) {
  int32_t w, x, w_even, x_even;
  asm("ldr %[w], %[weights]\n\t"
      "ldr %[x], %[inputs]\n\t"
      "sxtb16 %[w_even], %[w]\n\t"
      "sxtb16 %[x_even], %[x]\n\t"
      "sxtb16 %[w], %[w], ror #8\n\t"
      "sxtb16 %[x], %[x], ror #8\n\t"
      "smlad %[sum], %[w_even], %[x_even], %[sum]\n\t"
      "smlad %[sum], %[w], %[x], %[sum]"
      : [w] "=&r"(w), [x] "=&r"(x), [w_even] "=&r"(w_even), [x_even] "=&r"(x_even), [sum] "+r"(sum)
      : [weights] "m"(*reinterpret_cast<const int8_t(*)[4]>(weights)),
        [inputs] "m"(*reinterpret_cast<const int8_t(*)[4]>(inputs)));
  return sum;
}
#endif

/// sum + sum_i weights[i] * inputs[i], over `count` values.
inline int32_t dot(const int8_t* weights, const int8_t* inputs, int32_t count, int32_t sum) {
#if defined(__ARM_FEATURE_SIMD32)
  for (const int8_t* const end = inputs + (count & ~3); inputs != end; inputs += 4, weights += 4) {
    sum = multiply_add_fours(weights, inputs, sum);
  }
  count &= 3;
#endif
  for (const int8_t* const end = inputs + count; inputs != end;) sum += *weights++ * *inputs++;
  return sum;
}

/// outputs[r] = clamp(requantize(bias[r] + sum_i weights[r][i] * inputs[i]) + output_zero_point).
/// Reads `inputs` values, writes `outputs`; they must not overlap.
inline void dense(const DenseInt8& layer, const int8_t* inputs, int8_t* outputs) {
  const int8_t* weights = layer.weights;
  const int32_t* bias = layer.bias;
  const int32_t* multiplier = layer.multipliers;
  const int8_t* shift = layer.shifts;
  const int32_t count = layer.inputs;
  const int32_t output_min = layer.output_min;
  for (const int8_t* const end = outputs + layer.outputs; outputs != end; ++outputs) {
    const int32_t sum = dot(weights, inputs, count, *bias++);
    int32_t y = requantize(sum, *multiplier++, *shift++) + layer.output_zero_point;
    if (y < output_min) y = output_min;
    if (y > 127) y = 127;
    *outputs = int8_t(y);
    weights += count;
  }
}

PARE_OPTIMIZE_END

}  // namespace pare
