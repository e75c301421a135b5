#pragma once

#include "bench/table.h"
#include "mcu/emulator/timing/cycle_model.h"
#include "mcu/encode.h"

namespace pare::bench {

/// What a model costs as it is encoded.
struct EncodingCost {
  std::size_t weights_bytes;  ///< the encoded parameters
  long flash_bytes;           ///< linked sketch with this model minus the same sketch with none
  mcu::Timing timing;         ///< of one inference, the most cycles among the inputs
};

/// Runs `encoded`, which is `model`, on the emulated board over `inputs` [samples, features].
/// Throws std::runtime_error if an output is not the reference's, or a tool is missing.
EncodingCost measure_encoding(const nn::Model& model, const mcu::EncodedModel& encoded,
                              const nn::Int8Matrix& inputs);

/// An int8 layer of 784 x 300 with normally distributed weights, the smallest of which are 0.
nn::Model pruned_int8_layer(double sparsity);

/// Bytes, instructions and cycles of that layer in the encodings for zeros, beside the dense one's,
/// at sparsities from 0.5 to 0.98. Throws as measure_encoding does.
Table encoding_table();

}  // namespace pare::bench
