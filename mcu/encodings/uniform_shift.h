#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "nn/model.h"

namespace pare::mcu {

/// One right shift for all rows of a layer; for each row a multiplier, and what is added to its sum
/// in 1/256, with which it still fits a word that is scaled by 256.
struct UniformShift {
  std::int32_t shift;
  std::vector<std::int32_t> multipliers;
  std::vector<std::int32_t> fractions;
};

/// Numbers with which uniform_output (mcu/kernel/paired_int8.h) gives, for every sum that int8
/// inputs can make, the output of the row's own multiplier and shift. Nothing for a layer that is
/// no ReLU layer with outputs from -128, has a row that shifts left or a sum from 2^23, or whose
/// rows differ too much.
std::optional<UniformShift> uniform_shift(const nn::Int8Layer& layer);

}  // namespace pare::mcu
