#pragma once

#include "compact_rows.h"

namespace pare {

/// One sparse int8 layer whose weights are entropy-coded, as it lies in flash. The stream holds for
/// each weight that is not 0 its distance from the one before, rows following each other, and its
/// value. Each is a codeword of c zeros, a 1 and some bits; word c of its code holds 32 - its
/// length, its length, and what to add to it, in 8, 8 and 16 bits.
struct EntropyInt8 {
  const int8_t* stream;       ///< bits, the first in the highest bit; readable 3 bytes beyond
  const int32_t* gap_code;    ///< gives a distance
  const int32_t* value_code;  ///< gives an index into values
  const int8_t* values;
  CompactRows rows;
  uint16_t inputs;
  uint16_t outputs;
};

PARE_OPTIMIZE_SPEED

/// The 32 bits from bit `position` on, at least 25 of them the stream's own.
inline uint32_t bits_at(const int8_t* stream, uint32_t position) {
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>(stream) + (position >> 3);
  const uint32_t word = uint32_t(bytes[0]) << 24 | uint32_t(bytes[1]) << 16 |
                        uint32_t(bytes[2]) << 8 | uint32_t(bytes[3]);
  return word << (position & 7);
}

/// value >> the lowest byte of `count`, which is below 32.
inline int32_t shift_right(uint32_t value, int32_t count) {
#if PARE_CORTEX_M4
  int32_t shifted;
  asm("lsr %0, %1, %2" : "=r"(shifted) : "r"(value), "r"(count));  // looks at the lowest byte alone
  return shifted;
#else
  return int32_t(value >> (count & 0xff));
#endif
}

/// Output r from bias[r] + sum_i weights[r][i] * inputs[i]: without loops over zeros, and without
/// room for decoded weights.
PARE_NO_INLINE inline void write_rows(const EntropyInt8& layer, const int16_t* inputs,
                                      RowWriter& rows) {
  const int32_t count = layer.inputs;
  const int32_t* const gap_code = layer.gap_code;
  const int32_t* const value_code = layer.value_code;
  const int8_t* const values = layer.values;
  uint32_t position = 0;
  uint32_t bits = bits_at(layer.stream, 0);
  int32_t column = -1;
  const auto next_column = [&] {
    const int32_t code = gap_code[__builtin_clz(bits)];
    column += shift_right(bits, code) + (code >> 16);
    const uint32_t length = uint32_t(code) >> 8 & 0xff;
    position += length;
    bits <<= length;
  };
  next_column();
  for (int32_t row = layer.outputs; row != 0; --row) {
    int32_t sum = rows.bias();
    while (column < count) {
      const int32_t code = value_code[__builtin_clz(bits)];
      sum += values[shift_right(bits, code) + (code >> 16)] * inputs[column];
      position += uint32_t(code) >> 8 & 0xff;
      bits = bits_at(layer.stream, position);
      next_column();
    }
    column -= count;
    rows.put(sum);
  }
}

PARE_OPTIMIZE_END

}  // namespace pare
