#include "mcu/encodings/row_outputs.h"

#include <algorithm>

#include "mcu/encodings/uniform_shift.h"
#include "nn/quantization.h"

namespace pare::mcu {

RowOutputs row_outputs(const nn::Int8Layer& layer) {
  if (std::optional<UniformShift> uniform = uniform_shift(layer)) {
    return {uniform->shift, std::move(uniform->multipliers), std::move(uniform->fractions), {}};
  }
  RowOutputs result;
  for (nn::Index row = 0; row < layer.weights.rows(); ++row) {
    const nn::FixedPointMultiplier factor = nn::row_multiplier(layer, row);
    result.multipliers.push_back(factor.multiplier);
    result.fractions.push_back(0);
    // Any shift serves for a multiplier of 0.
    result.row_shifts.push_back(static_cast<std::uint8_t>(std::max(1, -factor.shift)));
  }
  return result;
}

}  // namespace pare::mcu
