#pragma once

#include "bench/table.h"
#include "mcu/emulator/timing/cycle_model.h"
#include "mcu/encode.h"
#include "mcu/export_sketch.h"
#include "mcu/temporary_folder.h"

namespace pare::bench {

/// What a model costs as it is encoded.
struct EncodingCost {
  std::size_t weights_bytes;  ///< the encoded parameters
  long flash_bytes;           ///< linked sketch with this model minus the same sketch with none
  mcu::Timing timing;         ///< of one inference, the most cycles among the inputs
  bool agrees;                ///< every output was the reference's
};

/// What encodings are chosen by: cycles have the charge for data that is read from flash.
mcu::Cost cost_of(const EncodingCost& cost);

/// Measures one model in several encodings.
class EncodingMeter {
 public:
  /// Each encoding is run over `inputs` [samples, features].
  EncodingMeter(const nn::Model& model, const nn::Int8Matrix& inputs);

  /// Links `encoded`, which is the model, and runs it on the emulated board. Throws mcu::DoesNotFit
  /// if it exceeds the board's memory, std::runtime_error if a tool is missing or the board fails.
  EncodingCost measure(const mcu::EncodedModel& encoded);

 private:
  nn::Model model_;
  mcu::TestVectors vectors_;
  mcu::TemporaryFolder folder_;
  int measured_ = 0;
  long empty_bytes_ = 0;  ///< of flash, once something was measured
};

/// Two samples [2, count] that say nothing of any data set.
nn::Int8Matrix random_int8_inputs(nn::Index count);

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
