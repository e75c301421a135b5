#pragma once

#include "compact_rows.h"

namespace pare {

/// One int8 dense layer whose weights are step * u + least, u of kBits bits, as it lies in flash.
/// The u of 32 / kBits neighbours fill a word: each two of them lie equally high in its halves, the
/// first two lowest. The words of two rows take turns; a last odd row has its own. Where a row
/// ends, its last word is filled up with zeros.
template <int kBits>
struct NarrowInt8 {
  const int32_t* words;
  CompactRows rows;
  uint16_t inputs;
  uint16_t outputs;
  int16_t step;
  int16_t least;
};

PARE_OPTIMIZE_SPEED

/// sum + sum_i u[i] * inputs[i] over the first `count` numbers of a word.
template <int kBits>
PARE_NO_INLINE inline int32_t multiply_add_word(int32_t word, const int16_t* inputs, int32_t count,
                                                int32_t sum) {
  for (int32_t i = 0; i < count; ++i) {
    const int32_t place = (i & 1) * 16 + (i >> 1) * kBits;
    sum += int32_t(uint32_t(word) >> place & ((1u << kBits) - 1)) * inputs[i];
  }
  return sum;
}

/// Adds the products of two rows: `count` words of each, from 1, and their inputs, all of which it
/// passes by.
#if PARE_CORTEX_M4
template <int kBits>
inline void multiply_add_words(const int32_t*& words, const int16_t*& inputs, int32_t count,
                               int32_t& sum0, int32_t& sum1) {
  const int32_t mask = ((1 << kBits) - 1) * 0x10001;
  int32_t word0, word1, x0, x1, x2, x3, two;
  asm volatile(
      "1:\n\t"
      "ldrd %[word0], %[word1], [%[words]], #8\n\t"
      ".set pare_place, 0\n\t"
      ".rept %c[turns]\n\t"
      "ldr %[x1], [%[inputs], #4]\n\t"
      "ldr %[x2], [%[inputs], #8]\n\t"
      "ldr %[x3], [%[inputs], #12]\n\t"
      "ldr %[x0], [%[inputs]], #16\n\t"
      ".irp pare_x, %[x0], %[x1], %[x2], %[x3]\n\t"
      "and %[two], %[mask], %[word0], lsr #pare_place\n\t"
      "smlad %[sum0], %[two], \\pare_x, %[sum0]\n\t"
      "and %[two], %[mask], %[word1], lsr #pare_place\n\t"
      "smlad %[sum1], %[two], \\pare_x, %[sum1]\n\t"
      ".set pare_place, pare_place + %c[bits]\n\t"
      ".endr\n\t"
      ".endr\n\t"
      "subs %[count], #1\n\t"
      "bne 1b"
      : [word0] "=&r"(word0), [word1] "=&r"(word1), [x0] "=&r"(x0), [x1] "=&r"(x1), [x2] "=&r"(x2),
        [x3] "=&r"(x3), [two] "=&r"(two), [words] "+r"(words), [inputs] "+r"(inputs),
        [count] "+r"(count), [sum0] "+r"(sum0), [sum1] "+r"(sum1)
      : [mask] "r"(mask), [bits] "i"(kBits), [turns] "i"(4 / kBits)
      : "cc", "memory");
}
#else
template <int kBits>
inline void multiply_add_words(const int32_t*& words, const int16_t*& inputs, int32_t count,
                               int32_t& sum0, int32_t& sum1) {
  for (; count > 0; --count, words += 2, inputs += 32 / kBits) {
    sum0 = multiply_add_word<kBits>(words[0], inputs, 32 / kBits, sum0);
    sum1 = multiply_add_word<kBits>(words[1], inputs, 32 / kBits, sum1);
  }
}
#endif

/// Output r from bias[r] + sum_i weights[r][i] * inputs[i] = bias[r] + step * sum_i u[r][i] *
/// inputs[i] + least * sum_i inputs[i], of which the last is the same for all rows.
template <int kBits>
PARE_NO_INLINE inline void write_rows(const NarrowInt8<kBits>& layer, const int16_t* inputs,
                                      RowWriter& rows) {
  const int32_t* words = layer.words;
  const int32_t whole = layer.inputs / (32 / kBits);
  const int32_t rest = layer.inputs % (32 / kBits);
  uint32_t offset = 0;  // may wrap on the way, as may the rows' sums: what they give does not
  for (int32_t i = 0; i < layer.inputs; ++i) offset += uint32_t(int32_t{inputs[i]});
  offset *= uint32_t(int32_t{layer.least});
  const auto put = [&](int32_t sum) {
    const uint32_t bias = uint32_t(rows.bias());
    rows.put(int32_t(bias + offset + uint32_t(int32_t{layer.step}) * uint32_t(sum)));
  };
  for (int32_t pairs = layer.outputs / 2; pairs != 0; --pairs) {
    const int16_t* x = inputs;
    int32_t sum0 = 0;
    int32_t sum1 = 0;
    if (whole != 0) multiply_add_words<kBits>(words, x, whole, sum0, sum1);
    if (rest != 0) {
      sum0 = multiply_add_word<kBits>(*words++, x, rest, sum0);
      sum1 = multiply_add_word<kBits>(*words++, x, rest, sum1);
    }
    put(sum0);
    put(sum1);
  }
  if (layer.outputs % 2 == 0) return;
  int32_t sum = 0;
  for (int32_t left = layer.inputs; left > 0; left -= 32 / kBits, inputs += 32 / kBits) {
    sum = multiply_add_word<kBits>(*words++, inputs, left < 32 / kBits ? left : 32 / kBits, sum);
  }
  put(sum);
}

PARE_OPTIMIZE_END

}  // namespace pare
