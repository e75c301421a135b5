#pragma once

#include "compact_rows.h"

namespace pare {

/// One int8 dense layer with few distinct weights, as it lies in flash: their values once, and of
/// each weight which one it has, in kBits bits. A word holds 32 / kBits of these, the first lowest;
/// a row begins with a word of its own.
template <int kBits>
struct CodebookInt8 {
  const int32_t* words;
  const int8_t* values;  ///< [at most 2^kBits]
  CompactRows rows;
  uint16_t inputs;
  uint16_t outputs;
};

PARE_OPTIMIZE_SPEED

/// Output r from bias[r] + sum_i values[index[r][i]] * inputs[i].
template <int kBits>
PARE_NO_INLINE inline void write_rows(const CodebookInt8<kBits>& layer, const int16_t* inputs,
                                      RowWriter& rows) {
  constexpr int32_t kInWord = 32 / kBits;
  constexpr uint32_t kMask = (1u << kBits) - 1;
  const int32_t* words = layer.words;
  const int8_t* const values = layer.values;
  for (int32_t row = layer.outputs; row != 0; --row) {
    int32_t sum = rows.bias();
    const int16_t* x = inputs;
    int32_t left = layer.inputs;
    for (; left >= kInWord; left -= kInWord, x += kInWord) {
      const uint32_t word = uint32_t(*words++);
#pragma GCC unroll 16
      for (int32_t i = 0; i < kInWord; ++i) sum += values[word >> (kBits * i) & kMask] * x[i];
    }
    if (left != 0) {
      for (uint32_t word = uint32_t(*words++); left != 0; --left, word >>= kBits) {
        sum += values[word & kMask] * *x++;
      }
    }
    rows.put(sum);
  }
}

PARE_OPTIMIZE_END

}  // namespace pare
