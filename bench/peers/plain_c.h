#pragma once

/// What a careful programmer writes instead of taking a library: dense layers as plain loops, for
/// `./pare bench kernels`. PLAIN_C_LAYER says whether all layers share one function, or each is
/// compiled for its own constants.
#include <stdint.h>

namespace plain_c {

/// TFLite's double rounding, where it shifts right by at least 1 and `sum` * 2 fits an int32_t:
/// after the multiplication ties go up, after the shift away from zero.
static inline int32_t requantize(int32_t sum, int32_t multiplier, int shift) {
  const int32_t high =
      static_cast<int32_t>((static_cast<int64_t>(sum) * multiplier + (int64_t{1} << 30)) >> 31);
  return (high + (high >> 31) + (int32_t{1} << (shift - 1))) >> shift;
}

/// Weights [outputs, inputs] with one scale; the biases have the inputs' zero point in them.
PLAIN_C_LAYER void dense(const int8_t* weights, const int32_t* biases, int inputs, int outputs,
                         int32_t multiplier, int shift, int32_t zero_point, int32_t least,
                         const int8_t* from, int8_t* to) {
  for (int row = 0; row < outputs; ++row) {
    int32_t sum = biases[row];
    for (int i = 0; i < inputs; ++i) sum += *weights++ * from[i];
    int32_t output = requantize(sum, multiplier, shift) + zero_point;
    if (output < least) output = least;
    if (output > 127) output = 127;
    to[row] = static_cast<int8_t>(output);
  }
}

PLAIN_C_LAYER void dense(const float* weights, const float* biases, int inputs, int outputs,
                         bool relu, const float* from, float* to) {
  for (int row = 0; row < outputs; ++row) {
    float sum = biases[row];
    for (int i = 0; i < inputs; ++i) sum += *weights++ * from[i];
    to[row] = relu && sum < 0 ? 0 : sum;
  }
}

}  // namespace plain_c
