#pragma once

#include "compact_rows.h"

namespace pare {

/// One sparse int8 layer as it lies in flash: for each weight a bit that says whether it is not 0,
/// and the weights that are not. Each row begins with a byte of bits of its own.
struct BitmaskInt8 {
  const int8_t* bits;     ///< [outputs][(inputs + 7) / 8], the first in the highest bit
  const int8_t* weights;  ///< those that are not 0, row after row
  CompactRows rows;
  uint16_t inputs;
  uint16_t outputs;
};

PARE_OPTIMIZE_SPEED

/// Output r from bias[r] + sum_i weights[r][i] * inputs[i], over the weights that are not 0.
PARE_NO_INLINE inline void write_rows(const BitmaskInt8& layer, const int16_t* inputs,
                                      RowWriter& rows) {
  const uint8_t* bits = reinterpret_cast<const uint8_t*>(layer.bits);
  const int8_t* weights = layer.weights;
  const int16_t* const inputs_end = inputs + layer.inputs;
  for (int32_t row = layer.outputs; row != 0; --row) {
    int32_t sum = rows.bias();
    for (const int16_t* x = inputs; x < inputs_end; x += 8) {
      for (uint32_t left = uint32_t(*bits++) << 24; left != 0;) {
        const int32_t zeros = __builtin_clz(left);
        sum += *weights++ * x[zeros];
        left &= ~(0x80000000u >> zeros);
      }
    }
    rows.put(sum);
  }
}

PARE_OPTIMIZE_END

}  // namespace pare
