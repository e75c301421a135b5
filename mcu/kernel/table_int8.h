#pragma once

#include "dense_int8.h"

namespace pare {

/// One int8 dense layer, and the table of its activation: what every layer of a model is that has
/// tanh or sigmoid in it. Models without them carry neither the pointer nor the code.
struct TableInt8 {
  using Value = int8_t;
  DenseInt8 dense;
  const int8_t* table;  ///< [256], the outputs for the sums -128 to 127; null for none
};

inline int32_t output_count(const TableInt8& layer) { return layer.dense.outputs; }

PARE_OPTIMIZE_SPEED

/// The dense layer, then outputs[r] = table[outputs[r] + 128].
inline void dense(const TableInt8& layer, const int8_t* inputs, int8_t* outputs) {
  dense(layer.dense, inputs, outputs);
  if (layer.table == nullptr) return;
  const int8_t* const table = layer.table + 128;
  for (const int8_t* const end = outputs + layer.dense.outputs; outputs != end; ++outputs) {
    *outputs = table[*outputs];
  }
}

PARE_OPTIMIZE_END

}  // namespace pare
