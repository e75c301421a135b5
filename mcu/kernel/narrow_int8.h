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
inline int32_t multiply_add_word(int32_t word, const int16_t* inputs, int32_t count, int32_t sum) {
  for (int32_t i = 0; i < count; ++i) {
    const int32_t place = (i & 1) * 16 + (i >> 1) * kBits;
    sum += int32_t(uint32_t(word) >> place & ((1u << kBits) - 1)) * inputs[i];
  }
  return sum;
}

#if PARE_CORTEX_M4
/// Adds the products of eight inputs, which it passes by, with the numbers from bit kPlace on.
template <int kBits, int kPlace>
inline void multiply_add_eight(int32_t word0, int32_t word1, int32_t mask, const int16_t*& inputs,
                               int32_t& sum0, int32_t& sum1) {
  int32_t x0, x1, x2, x3, two;
  asm volatile(
      "ldr %[x1], [%[inputs], #4]\n\t"
      "ldr %[x2], [%[inputs], #8]\n\t"
      "ldr %[x3], [%[inputs], #12]\n\t"
      "ldr %[x0], [%[inputs]], #16\n\t"
      "and %[two], %[mask], %[word0], lsr %[place0]\n\t"
      "smlad %[sum0], %[two], %[x0], %[sum0]\n\t"
      "and %[two], %[mask], %[word1], lsr %[place0]\n\t"
      "smlad %[sum1], %[two], %[x0], %[sum1]\n\t"
      "and %[two], %[mask], %[word0], lsr %[place1]\n\t"
      "smlad %[sum0], %[two], %[x1], %[sum0]\n\t"
      "and %[two], %[mask], %[word1], lsr %[place1]\n\t"
      "smlad %[sum1], %[two], %[x1], %[sum1]\n\t"
      "and %[two], %[mask], %[word0], lsr %[place2]\n\t"
      "smlad %[sum0], %[two], %[x2], %[sum0]\n\t"
      "and %[two], %[mask], %[word1], lsr %[place2]\n\t"
      "smlad %[sum1], %[two], %[x2], %[sum1]\n\t"
      "and %[two], %[mask], %[word0], lsr %[place3]\n\t"
      "smlad %[sum0], %[two], %[x3], %[sum0]\n\t"
      "and %[two], %[mask], %[word1], lsr %[place3]\n\t"
      "smlad %[sum1], %[two], %[x3], %[sum1]"
      : [x0] "=&r"(x0), [x1] "=&r"(x1), [x2] "=&r"(x2), [x3] "=&r"(x3), [two] "=&r"(two),
        [inputs] "+r"(inputs), [sum0] "+r"(sum0), [sum1] "+r"(sum1)
      : [word0] "r"(word0), [word1] "r"(word1), [mask] "r"(mask), [place0] "I"(kPlace),
        [place1] "I"(kPlace + kBits), [place2] "I"(kPlace + 2 * kBits),
        [place3] "I"(kPlace + 3 * kBits)
      : "memory");
}

/// The same with the rest of two words, from bit kPlace of their halves on.
template <int kBits, int kPlace, bool kEnd = (kPlace >= 16)>
struct MultiplyAddFrom {
  static inline void run(int32_t word0, int32_t word1, int32_t mask, const int16_t*& inputs,
                         int32_t& sum0, int32_t& sum1) {
    multiply_add_eight<kBits, kPlace>(word0, word1, mask, inputs, sum0, sum1);
    MultiplyAddFrom<kBits, kPlace + 4 * kBits>::run(word0, word1, mask, inputs, sum0, sum1);
  }
};
template <int kBits, int kPlace>
struct MultiplyAddFrom<kBits, kPlace, true> {
  static inline void run(int32_t, int32_t, int32_t, const int16_t*&, int32_t&, int32_t&) {}
};

/// The same with `count` words of each of two rows, which it passes by as it does their inputs.
template <int kBits>
inline void multiply_add_words(const int32_t*& words, const int16_t*& inputs, int32_t count,
                               int32_t& sum0, int32_t& sum1) {
  const int32_t mask = ((1 << kBits) - 1) * 0x10001;
  for (; count != 0; --count, words += 2) {
    const int32_t word0 = words[0];
    const int32_t word1 = words[1];
    MultiplyAddFrom<kBits, 0>::run(word0, word1, mask, inputs, sum0, sum1);
  }
}
#else
template <int kBits>
inline void multiply_add_words(const int32_t*& words, const int16_t*& inputs, int32_t count,
                               int32_t& sum0, int32_t& sum1) {
  for (; count != 0; --count, words += 2, inputs += 32 / kBits) {
    sum0 = multiply_add_word<kBits>(words[0], inputs, 32 / kBits, sum0);
    sum1 = multiply_add_word<kBits>(words[1], inputs, 32 / kBits, sum1);
  }
}
#endif

/// Output r from bias[r] + sum_i weights[r][i] * inputs[i] = bias[r] + step * sum_i u[r][i] *
/// inputs[i] + least * sum_i inputs[i], of which the last is the same for all rows.
/// Reads widened inputs, writes `outputs`; they must not overlap.
template <int kBits, class Output>
PARE_NO_INLINE inline void dense(const NarrowInt8<kBits>& layer, const int16_t* inputs,
                                 Output* outputs) {
  const int32_t* words = layer.words;
  const int32_t whole = layer.inputs / (32 / kBits);
  const int32_t rest = layer.inputs % (32 / kBits);
  uint32_t offset = 0;  // may wrap on the way, as may the rows' sums: what they give does not
  for (int32_t i = 0; i < layer.inputs; ++i) offset += uint32_t(int32_t{inputs[i]});
  offset *= uint32_t(int32_t{layer.least});
  RowReader rows(layer.rows);
  const auto put = [&](int32_t sum, Output* output) {
    const uint32_t bias = uint32_t(rows.bias());
    rows.put(int32_t(bias + offset + uint32_t(int32_t{layer.step}) * uint32_t(sum)), output);
  };
  for (int32_t row = 0; row + 2 <= layer.outputs; row += 2, outputs += 2) {
    const int16_t* x = inputs;
    int32_t sum0 = 0;
    int32_t sum1 = 0;
    multiply_add_words<kBits>(words, x, whole, sum0, sum1);
    if (rest != 0) {
      sum0 = multiply_add_word<kBits>(*words++, x, rest, sum0);
      sum1 = multiply_add_word<kBits>(*words++, x, rest, sum1);
    }
    put(sum0, outputs);
    put(sum1, outputs + 1);
  }
  if (layer.outputs % 2 == 0) return;
  int32_t sum = 0;
  for (int32_t left = layer.inputs; left > 0; left -= 32 / kBits, inputs += 32 / kBits) {
    sum = multiply_add_word<kBits>(*words++, inputs, left < 32 / kBits ? left : 32 / kBits, sum);
  }
  put(sum, outputs);
}

PARE_OPTIMIZE_END

}  // namespace pare
