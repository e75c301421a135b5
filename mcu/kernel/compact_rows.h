#pragma once

#include "requantize.h"

namespace pare {

/// The biases of an int8 layer's rows, and how their sums become outputs, in few bytes. Numbers are
/// little-endian and not aligned.
struct CompactRows {
  const int8_t* biases;  ///< [outputs], of bias_bytes each; readable to 4 bytes from each one
  const int8_t*
      factors;          ///< [outputs] in steps of factor_step bytes: 30 bits of a multiplier whose
                        ///< bit 30 is 1, two of a shift; and a byte of a shift if the step is 5
  uint8_t bias_bytes;   ///< 2 to 4
  uint8_t factor_step;  ///< 4 or 5; 0 if one is for all rows
  int8_t shift;         ///< that the rows' shifts are added to
  int16_t low;          ///< the least output, its zero point subtracted: 0 after ReLU
  int16_t high;         ///< the largest: 127 - zero_point
  int16_t zero_point;
};

PARE_OPTIMIZE_SPEED

inline uint32_t read_little_endian(const int8_t* bytes) {
  const uint8_t* b = reinterpret_cast<const uint8_t*>(bytes);
  return uint32_t(b[0]) | uint32_t(b[1]) << 8 | uint32_t(b[2]) << 16 | uint32_t(b[3]) << 24;
}

/// What the sum of row `row` begins with.
inline int32_t bias(const CompactRows& rows, int32_t row) {
  const int32_t unused = 32 - 8 * rows.bias_bytes;
  return int32_t(read_little_endian(rows.biases + row * rows.bias_bytes) << unused) >> unused;
}

/// Output `row` from its sum, the zero point subtracted.
inline int32_t widened_output(const CompactRows& rows, int32_t row, int32_t sum) {
  const int8_t* factor = rows.factors + row * rows.factor_step;
  const uint32_t word = read_little_endian(factor);
  int32_t shift = rows.shift + int32_t(word >> 30);
  if (rows.factor_step == 5) shift += factor[4];
  const int32_t y = requantize(sum, int32_t((word & 0x3fffffff) | 0x40000000), shift);
  return y < rows.low ? rows.low : y > rows.high ? rows.high : y;
}

/// Writes output `row`: widened, for the next layer.
inline void put(const CompactRows& rows, int32_t row, int32_t sum, int16_t* outputs) {
  outputs[row] = int16_t(widened_output(rows, row, sum));
}

/// Writes output `row` of a model.
inline void put(const CompactRows& rows, int32_t row, int32_t sum, int8_t* outputs) {
  outputs[row] = int8_t(widened_output(rows, row, sum) + rows.zero_point);
}

PARE_OPTIMIZE_END

}  // namespace pare
