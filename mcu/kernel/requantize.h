#pragma once

#include <stdint.h>

#include "dsp.h"
#include "optimize.h"

namespace pare {

/// How the sums of an int8 layer become its outputs: what every encoding of one shares.
struct Requantization {
  const int32_t* multipliers;  ///< [outputs], Q31
  const int8_t* shifts;        ///< [outputs]; a positive one shifts left
  int16_t low;                 ///< the least output, its zero point subtracted: 0 after ReLU
  int16_t high;                ///< the largest: 127 - zero_point
  int16_t zero_point;
  bool single_rounding;  ///< after multiplier and shift together; else after each
};

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

/// floor(value * multiplier / 2^31), for |value| < 2^30.
inline int32_t high_multiply(int32_t value, int32_t multiplier) {
  return high_multiply_add(value * 2, multiplier, 0);
}

/// round(round(value * 2^max(shift, 0) * multiplier / 2^31) / 2^max(-shift, 0)), ties of the first
/// rounding towards +infinity, of the second away from zero; with single rounding
/// round(value * multiplier * 2^(shift - 31)), ties towards +infinity. The exporter has proven
/// |value| * 2^max(shift, 0) < 2^30. Source: TFLite kernels/internal/common.h,
/// MultiplyByQuantizedMultiplier, without and with TFLITE_SINGLE_ROUNDING.
inline int32_t requantize(int32_t value, int32_t multiplier, int32_t shift, bool single_rounding) {
  if (shift >= 0) return rounding_high_multiply(value * (int32_t(1) << shift), multiplier);
  const int32_t half = int32_t(1) << (-shift - 1);
  if (single_rounding) return (high_multiply(value, multiplier) + half) >> -shift;
  const int32_t high = rounding_high_multiply(value, multiplier);
  return (high + (high >> 31) + half) >> -shift;
}

/// Output `row` from its sum, the zero point subtracted.
inline int32_t widened_output(const Requantization& by, int32_t row, int32_t sum) {
  const int32_t y = requantize(sum, by.multipliers[row], by.shifts[row], by.single_rounding);
  return y < by.low ? by.low : y > by.high ? by.high : y;
}

/// Writes output `row`: widened, for the next layer.
inline void put(const Requantization& by, int32_t row, int32_t sum, int16_t* outputs) {
  outputs[row] = int16_t(widened_output(by, row, sum));
}

/// Writes output `row` of a model.
inline void put(const Requantization& by, int32_t row, int32_t sum, int8_t* outputs) {
  outputs[row] = int8_t(widened_output(by, row, sum) + by.zero_point);
}

PARE_OPTIMIZE_END

}  // namespace pare
