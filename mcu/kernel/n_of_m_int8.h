#pragma once

#include "compact_rows.h"

namespace pare {

/// One int8 layer of which at most n of each m = 2^kBits consecutive weights of a row are not 0, as
/// it lies in flash: n weights a group, and of each its place in the group, in kBits bits. A group
/// that has fewer is filled up with weights of 0 at place 0.
template <int kBits>
struct NOfMInt8 {
  const int8_t* weights;  ///< [outputs][groups][n]
  const int8_t* places;   ///< the same, 8 / kBits a byte, the first lowest, without gaps
  CompactRows rows;
  uint16_t groups;  ///< of a row
  uint16_t outputs;
  uint8_t n;
};

PARE_OPTIMIZE_SPEED

/// Output r from bias[r] + sum_i weights[r][i] * inputs[i], over the weights that are stored.
template <int kBits>
PARE_NO_INLINE inline void write_rows(const NOfMInt8<kBits>& layer, const int16_t* inputs,
                                      RowWriter& rows) {
  const int8_t* weights = layer.weights;
  const uint8_t* places = reinterpret_cast<const uint8_t*>(layer.places);
  uint32_t byte = 1;  // the places that are left of one, below a 1 that marks its end
  for (int32_t row = layer.outputs; row != 0; --row) {
    int32_t sum = rows.bias();
    const int16_t* x = inputs;
    for (int32_t group = layer.groups; group != 0; --group, x += 1 << kBits) {
      for (int32_t i = layer.n; i != 0; --i) {
        if (byte == 1) byte = uint32_t(*places++) | 0x100u;
        sum += *weights++ * x[byte & ((1u << kBits) - 1)];
        byte >>= kBits;
      }
    }
    rows.put(sum);
  }
}

PARE_OPTIMIZE_END

}  // namespace pare
