#pragma once

#include "paired_int8.h"

namespace pare {

/// One sparse int8 layer as it lies in flash. Of each row there are:
///
///   count        one word: how many groups of four weights come
///   groups       two words each: how far each weight lies behind the one before, the first one
///                behind column 0; and the four weights. The first is in the lowest byte
///   bias         one word: scaled by 256, with a fraction
///   multiplier   one word
///   shift        one word; only where shift <= 0
///
/// Weights of 0 are left out, but for those that split a distance above 255 or fill up a group.
struct SparseInt8 {
  const int32_t* words;
  uint16_t outputs;
  int8_t shift;        ///< of uniform_output; else kRoundedTwice or kRoundedOnce, and each row has
                       ///< its own for rounded_output
  int16_t zero_point;  ///< of the outputs
};

PARE_OPTIMIZE_SPEED

#if PARE_CORTEX_M4
/// sum + the four products of a group whose distances have been read from `words`, which goes on to
/// the word behind it and reads it. Loads next to each other take one cycle each but the first.
inline int32_t multiply_add_group(const int32_t*& words, int32_t& word, const int16_t* inputs,
                                  int32_t& column, int32_t sum) {
  int32_t weights, a, b, c, d;
  asm volatile(
      "uxtab %[a], %[column], %[word]\n\t"
      "uxtab %[b], %[a], %[word], ror #8\n\t"
      "uxtab %[c], %[b], %[word], ror #16\n\t"
      "uxtab %[column], %[c], %[word], ror #24\n\t"
      "ldrsh %[a], [%[inputs], %[a], lsl #1]\n\t"
      "ldrsh %[b], [%[inputs], %[b], lsl #1]\n\t"
      "ldrsh %[c], [%[inputs], %[c], lsl #1]\n\t"
      "ldrsh %[d], [%[inputs], %[column], lsl #1]\n\t"
      "ldr %[weights], [%[words], #4]\n\t"
      "ldr %[word], [%[words], #8]!\n\t"
      "pkhbt %[a], %[a], %[c], lsl #16\n\t"
      "pkhbt %[b], %[b], %[d], lsl #16\n\t"
      "sxtb16 %[c], %[weights]\n\t"
      "sxtb16 %[d], %[weights], ror #8\n\t"
      "smlad %[sum], %[a], %[c], %[sum]\n\t"
      "smlad %[sum], %[b], %[d], %[sum]"
      : [word] "+r"(word), [weights] "=&r"(weights), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c),
        [d] "=&r"(d), [sum] "+r"(sum), [column] "+r"(column), [words] "+r"(words)
      : [inputs] "r"(inputs)
      : "memory");
  return sum;
}
#else
inline int32_t multiply_add_group(const int32_t*& words, int32_t& word, const int16_t* inputs,
                                  int32_t& column, int32_t sum) {
  const uint32_t distances = uint32_t(word);
  const uint32_t weights = uint32_t(words[1]);
  for (int i = 0; i < 32; i += 8) {
    column += int32_t(distances >> i & 0xff);
    sum += int8_t(weights >> i & 0xff) * inputs[column];
  }
  words += 2;
  word = *words;
  return sum;
}
#endif

/// rounded_output, out of the way of the loop, whose registers it would take.
PARE_NO_INLINE inline int32_t own_output(int32_t scaled_sum, int32_t multiplier, int32_t shift,
                                         int32_t zero_point, int32_t rounded) {
  return rounded_output(scaled_sum, multiplier, shift, zero_point, rounded);
}

/// Output r from bias[r] + sum_i weights[r][i] * inputs[i], over the weights that are not 0.
/// Reads widened inputs, writes `outputs`: int16_t are widened too, int8_t the model's own. They
/// must not overlap.
template <class Output>
PARE_NO_INLINE inline void dense(const SparseInt8& layer, const int16_t* inputs, Output* outputs) {
  const int32_t* words = layer.words;
  const int32_t shift = layer.shift;
  const int32_t zero_point = layer.zero_point;
  for (const Output* const end = outputs + layer.outputs; outputs != end; ++outputs) {
    int32_t count = *words++;
    int32_t word = *words;
    int32_t column = 0;
    int32_t sum = 0;
    if (count & 1) sum = multiply_add_group(words, word, inputs, column, sum);
    for (count >>= 1; count != 0; --count) {
      sum = multiply_add_group(words, word, inputs, column, sum);
      sum = multiply_add_group(words, word, inputs, column, sum);
    }
    const int32_t scaled_sum = int32_t(uint32_t(sum) * 256u + uint32_t(word));
    const int32_t multiplier = words[1];
    words += 2;
    if (shift > 0) {
      put_widened(uniform_output(scaled_sum, multiplier, shift), zero_point, outputs);
    } else {
      const int32_t y = own_output(scaled_sum, multiplier, *words++, zero_point, shift);
      put_int8(y, zero_point, outputs);
    }
  }
}

PARE_OPTIMIZE_END

}  // namespace pare
