#pragma once

#include <cstdint>
#include <vector>

#include "nn/model.h"

namespace pare::mcu {

/// How the sums of a layer's rows become outputs by right shifts, scaled by 256 first: with one
/// shift for all rows (uniform_output), or with each row's own (rounded_output).
struct RowOutputs {
  std::int32_t shift = 0;  ///< of all rows; kRoundedTwice or kRoundedOnce: each has its own
  std::vector<std::int32_t> multipliers;
  std::vector<std::int32_t> fractions;   ///< of the scaled sums
  std::vector<std::uint8_t> row_shifts;  ///< [outputs] where shift <= 0
};

/// The quicker of both that gives the reference's outputs, for a layer that can_pair.
RowOutputs row_outputs(const nn::Int8Layer& layer);

}  // namespace pare::mcu
