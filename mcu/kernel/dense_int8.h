#pragma once

#include "requantize.h"

namespace pare {

/// One int8 dense layer as it lies in flash, its weights as they are.
struct DenseInt8 {
  const int8_t* weights;  ///< [outputs][inputs], in [-127, 127]
  const int32_t* bias;    ///< [outputs]
  Requantization requantization;
  uint16_t inputs;
  uint16_t outputs;
};

PARE_OPTIMIZE_SPEED

#if defined(__ARM_FEATURE_SIMD32)
/// sum + four products, by the instructions that widen two int8 and multiply two pairs of int16.
inline int32_t multiply_add_fours(const int8_t* weights, const int16_t* inputs, int32_t sum) {
  int32_t w, even, x01, x23;
  asm("ldr %[w], %[weights]\n\t"
      "ldr %[x01], %[inputs01]\n\t"
      "ldr %[x23], %[inputs23]\n\t"
      "sxtb16 %[even], %[w]\n\t"
      "sxtb16 %[w], %[w], ror #8\n\t"
      "smlabb %[sum], %[even], %[x01], %[sum]\n\t"
      "smlabt %[sum], %[w], %[x01], %[sum]\n\t"
      "smlatb %[sum], %[even], %[x23], %[sum]\n\t"
      "smlatt %[sum], %[w], %[x23], %[sum]"
      : [w] "=&r"(w), [even] "=&r"(even), [x01] "=&r"(x01), [x23] "=&r"(x23), [sum] "+r"(sum)
      : [weights] "m"(*reinterpret_cast<const int8_t(*)[4]>(weights)),
        [inputs01] "m"(*reinterpret_cast<const int16_t(*)[2]>(inputs)),
        [inputs23] "m"(*reinterpret_cast<const int16_t(*)[2]>(inputs + 2)));
  return sum;
}
#endif

/// sum + sum_i weights[i] * inputs[i], over `count` values.
inline int32_t dot(const int8_t* weights, const int16_t* inputs, int32_t count, int32_t sum) {
#if defined(__ARM_FEATURE_SIMD32)
  for (const int16_t* const end = inputs + (count & ~3); inputs != end; inputs += 4, weights += 4) {
    sum = multiply_add_fours(weights, inputs, sum);
  }
  count &= 3;
#endif
  for (const int16_t* const end = inputs + count; inputs != end;) sum += *weights++ * *inputs++;
  return sum;
}

/// outputs[r] = requantize(bias[r] + sum_i weights[r][i] * inputs[i]), clamped.
/// Reads `inputs` widened values, writes `outputs`: int16_t are widened too, int8_t the model's
/// own. They must not overlap.
template <class Output>
inline void dense(const DenseInt8& layer, const int16_t* inputs, Output* outputs) {
  const int8_t* weights = layer.weights;
  const int32_t count = layer.inputs;
  for (int32_t row = 0; row < layer.outputs; ++row, weights += count) {
    put(layer.requantization, row, dot(weights, inputs, count, layer.bias[row]), outputs);
  }
}

PARE_OPTIMIZE_END

}  // namespace pare
