#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "nn/model.h"

namespace pare::mcu {

/// How the sums of a layer's rows become outputs by right shifts: with one shift for all rows
/// (uniform_output), or with each row's own (rounded_output).
struct RowOutputs {
  std::int32_t shift = 0;  ///< of all rows; 0 where each has its own
  std::vector<std::int32_t> multipliers;
  std::vector<std::uint8_t> row_shifts;  ///< [outputs] where shift == 0
};

/// The quicker of both that gives the reference's outputs; nothing where a row shifts left, or a
/// ReLU's zero is no end of int8.
std::optional<RowOutputs> row_outputs(const nn::Int8Layer& layer, bool last);

}  // namespace pare::mcu
