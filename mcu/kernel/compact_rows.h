#pragma once

#include "dsp.h"
#include "little_endian.h"
#include "requantize.h"

namespace pare {

/// The biases of an int8 layer's rows, and how their sums become outputs, in few bytes. Numbers are
/// little-endian and not aligned.
struct CompactRows {
  const int8_t* biases;   ///< [outputs], of bias_bytes each; readable to 4 bytes from each one
  const int8_t* factors;  ///< [outputs], factor_step bytes apart: 30 bits of a multiplier whose bit
                          ///< 30 is 1, and two of a shift; with a step of 5 a byte more of a shift
  uint8_t bias_bytes;     ///< 2 to 4
  uint8_t factor_step;    ///< 4 or 5; 0 if one factor is for all rows
  int8_t shift;           ///< that the rows' shifts are added to
  bool single_rounding;   ///< as of a Requantization
  int16_t low;            ///< the least output, its zero point subtracted: 0 after ReLU
  int16_t high;           ///< the largest: 127 - zero_point
  int16_t zero_point;
};

PARE_OPTIMIZE_SPEED

/// Goes from row to row: of each, the bias first, then the output.
class RowWriter {
 public:
  /// Outputs that are widened, for the next layer.
  RowWriter(const CompactRows& rows, int16_t* outputs) : RowWriter(rows, outputs, nullptr) {}

  /// Outputs of a model.
  RowWriter(const CompactRows& rows, int8_t* outputs) : RowWriter(rows, nullptr, outputs) {}

  /// What the row's sum begins with.
  PARE_NO_INLINE int32_t bias() {
    const uint32_t word = read_little_endian(bias_);
    const int32_t unused = 32 - 8 * rows_.bias_bytes;
    bias_ += rows_.bias_bytes;
    return int32_t(word << unused) >> unused;
  }

  /// Writes the output that the row's sum becomes. A function of its own, for all kernels.
  PARE_NO_INLINE void put(int32_t sum) {
    const int32_t y = widened_output(sum);
    if (widened_ != nullptr) {
      *widened_++ = int16_t(y);
    } else {
      *outputs_++ = int8_t(y + rows_.zero_point);
    }
  }

 private:
  RowWriter(const CompactRows& rows, int16_t* widened, int8_t* outputs)
      : rows_(rows),
        bias_(rows.biases),
        factor_(rows.factors),
        widened_(widened),
        outputs_(outputs) {}

  int32_t widened_output(int32_t sum) {
    const int8_t* const factor = factor_;
    const uint32_t word = read_little_endian(factor);
    factor_ += rows_.factor_step;
    int32_t shift = rows_.shift + int32_t(word >> 30);
    if (rows_.factor_step == 5) shift += factor[4];
    const int32_t multiplier = int32_t((word & 0x3fffffff) | 0x40000000);
    const int32_t y = requantize(sum, multiplier, shift, rows_.single_rounding);
    return y < rows_.low ? rows_.low : y > rows_.high ? rows_.high : y;
  }

  const CompactRows& rows_;
  const int8_t* bias_;
  const int8_t* factor_;
  int16_t* widened_;
  int8_t* outputs_;
};

/// Runs a layer that has CompactRows, without a copy of its kernel for each type of output. Reads
/// widened inputs, writes `outputs`: int16_t are widened too, int8_t the model's own. They must not
/// overlap.
template <class Layer, class Output>
inline void dense(const Layer& layer, const int16_t* inputs, Output* outputs) {
  RowWriter rows(layer.rows, outputs);
  write_rows(layer, inputs, rows);
}

PARE_OPTIMIZE_END

}  // namespace pare
