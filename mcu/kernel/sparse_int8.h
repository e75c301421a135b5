#pragma once

#include "compact_rows.h"

namespace pare {

/// One sparse int8 layer as it lies in flash: of each row the weights that are not 0, in groups of
/// four, and how far each lies behind the one before, the first behind column 0. A gap above 255 is
/// made of several, with weights of 0 between; a last group is filled up with gaps and weights of
/// 0.
struct SparseInt8 {
  const int32_t* groups;  ///< two words each: four gaps, four weights, the first in the lowest
                          ///< byte; and one word more
  const int8_t* counts;  ///< [outputs], groups of the row: 16 bits, little-endian
  CompactRows rows;
  uint16_t outputs;
};

PARE_OPTIMIZE_SPEED

#if defined(__ARM_FEATURE_SIMD32)
/// sum + the four products of the group whose gaps have been read, which it passes by, as it does
/// `column`; reads the gaps of the next one. Loads next to each other take one cycle each but the
/// first.
inline int32_t multiply_add_group(const int32_t*& groups, int32_t& gaps, const int16_t* inputs,
                                  int32_t& column, int32_t sum) {
  int32_t weights, a, b, c, d;
  asm volatile(
      "uxtab %[a], %[column], %[gaps]\n\t"
      "uxtab %[b], %[a], %[gaps], ror #8\n\t"
      "uxtab %[c], %[b], %[gaps], ror #16\n\t"
      "uxtab %[column], %[c], %[gaps], ror #24\n\t"
      "ldrsh %[a], [%[inputs], %[a], lsl #1]\n\t"
      "ldrsh %[b], [%[inputs], %[b], lsl #1]\n\t"
      "ldrsh %[c], [%[inputs], %[c], lsl #1]\n\t"
      "ldrsh %[d], [%[inputs], %[column], lsl #1]\n\t"
      "ldr %[weights], [%[groups]], #8\n\t"
      "ldr %[gaps], [%[groups], #-4]\n\t"
      "pkhbt %[a], %[a], %[c], lsl #16\n\t"
      "pkhbt %[b], %[b], %[d], lsl #16\n\t"
      "sxtb16 %[c], %[weights]\n\t"
      "sxtb16 %[d], %[weights], ror #8\n\t"
      "smlad %[sum], %[a], %[c], %[sum]\n\t"
      "smlad %[sum], %[b], %[d], %[sum]"
      : [gaps] "+r"(gaps), [weights] "=&r"(weights), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c),
        [d] "=&r"(d), [sum] "+r"(sum), [column] "+r"(column), [groups] "+r"(groups)
      : [inputs] "r"(inputs)
      : "memory");
  return sum;
}
#else
inline int32_t multiply_add_group(const int32_t*& groups, int32_t& gaps, const int16_t* inputs,
                                  int32_t& column, int32_t sum) {
  uint32_t weights = uint32_t(*groups++);
  for (int i = 0; i < 4; ++i, weights >>= 8) {
    column += int32_t(uint32_t(gaps) >> 8 * i & 0xff);
    sum += int8_t(weights & 0xff) * inputs[column];
  }
  gaps = *groups++;
  return sum;
}
#endif

/// Output r from bias[r] + sum_i weights[r][i] * inputs[i], over the weights that are not 0.
/// Reads widened inputs, writes `outputs`; they must not overlap.
template <class Output>
PARE_NO_INLINE inline void dense(const SparseInt8& layer, const int16_t* inputs, Output* outputs) {
  const int32_t* groups = layer.groups;
  const int8_t* counts = layer.counts;
  int32_t gaps = *groups++;
  RowReader rows(layer.rows);
  for (const Output* const end = outputs + layer.outputs; outputs != end; ++outputs) {
    int32_t sum = rows.bias();
    int32_t column = 0;
    int32_t count = int32_t(read_little_endian_16(counts));
    counts += 2;
    while ((count -= 2) >= 0) {
      sum = multiply_add_group(groups, gaps, inputs, column, sum);
      sum = multiply_add_group(groups, gaps, inputs, column, sum);
    }
    if (count & 1) sum = multiply_add_group(groups, gaps, inputs, column, sum);
    rows.put(sum, outputs);
  }
}

PARE_OPTIMIZE_END

}  // namespace pare
