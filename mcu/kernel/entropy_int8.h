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

/// Output r from bias[r] + sum_i weights[r][i] * inputs[i]: without loops over zeros, and without
/// room for decoded weights. Reads `inputs` values, writes `outputs`; they must not overlap.
template <class Output>
inline void dense(const EntropyInt8& layer, const int16_t* inputs, Output* outputs) {
  const int32_t count = layer.inputs;
  uint32_t bits = bits_at(layer.stream, 0);
  int32_t code = layer.gap_code[__builtin_clz(bits)];
  int32_t column = int32_t(bits >> (code & 0xff)) + (code >> 16) - 1;
  uint32_t length = uint32_t(code) >> 8 & 0xff;
  uint32_t position = length;
  bits <<= length;
  for (int32_t row = 0; row < layer.outputs; ++row) {
    int32_t sum = bias(layer.rows, row);
    while (column < count) {
      code = layer.value_code[__builtin_clz(bits)];
      const int32_t weight = layer.values[int32_t(bits >> (code & 0xff)) + (code >> 16)];
      sum += weight * inputs[column];
      position += uint32_t(code) >> 8 & 0xff;
      bits = bits_at(layer.stream, position);
      code = layer.gap_code[__builtin_clz(bits)];
      column += int32_t(bits >> (code & 0xff)) + (code >> 16);
      length = uint32_t(code) >> 8 & 0xff;
      position += length;
      bits <<= length;
    }
    column -= count;
    put(layer.rows, row, sum, outputs);
  }
}

PARE_OPTIMIZE_END

}  // namespace pare
