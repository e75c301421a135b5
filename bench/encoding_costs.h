#pragma once

#include <cstdint>
#include <string_view>

#include "mcu/encode.h"
#include "mcu/emulator/timing/cycle_model.h"

namespace pare::bench {

/// What one inference of a model costs on the emulated board, and what its parameters take.
struct EncodingCost {
  std::size_t weights_bytes;
  mcu::Timing timing;  ///< the most among the inputs
};

/// Runs `model`, encoded, on the emulated board over `inputs` [samples, features]. Throws
/// std::runtime_error if an output is not the reference's, or a tool is missing.
EncodingCost measure_encoding(const nn::Model& model, const mcu::EncodedModel& encoded,
                              const nn::Int8Matrix& inputs);

}  // namespace pare::bench
