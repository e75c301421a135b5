#pragma once

#include "compact_rows.h"

namespace pare {

/// One sparse int8 layer as it lies in flash: the weights that are not 0, and how far each lies
/// behind the one before, rows following each other, in kBits bits; 0 there stands for a way of
/// 2^kBits - 1 without a weight at its end. The last distance leads to the end of the last row.
template <int kBits>
struct DeltaInt8 {
  const int8_t* distances;  ///< 8 / kBits a byte, the first lowest
  const int8_t* weights;
  CompactRows rows;
  uint16_t inputs;
  uint16_t outputs;
};

/// Reads distances in their order.
template <int kBits>
class DistanceReader {
 public:
  explicit DistanceReader(const int8_t* distances)
      : next_(reinterpret_cast<const uint8_t*>(distances)) {}

  int32_t read() {
    for (int32_t way = 0;; way += kMask) {
      if (bits_ == 1) bits_ = uint32_t(*next_++) | 0x100u;
      const int32_t distance = int32_t(bits_) & kMask;
      bits_ >>= kBits;
      if (distance != 0) return way + distance;
    }
  }

 private:
  static constexpr int32_t kMask = (1 << kBits) - 1;

  const uint8_t* next_;
  uint32_t bits_ = 1;  // those left of a byte, below a 1 that marks their end
};

PARE_OPTIMIZE_SPEED

/// Output r from bias[r] + sum_i weights[r][i] * inputs[i], over the weights that are not 0.
template <int kBits>
PARE_NO_INLINE inline void write_rows(const DeltaInt8<kBits>& layer, const int16_t* inputs,
                                      RowWriter& rows) {
  const int32_t count = layer.inputs;
  const int8_t* weights = layer.weights;
  DistanceReader<kBits> distances(layer.distances);
  int32_t column = distances.read() - 1;
  for (int32_t row = layer.outputs; row != 0; --row) {
    int32_t sum = rows.bias();
    while (column < count) {
      sum += *weights++ * inputs[column];
      column += distances.read();
    }
    column -= count;
    rows.put(sum);
  }
}

PARE_OPTIMIZE_END

}  // namespace pare
