#include "mcu/encodings/row_outputs.h"

#include <algorithm>

#include "mcu/encodings/uniform_shift.h"
#include "nn/quantization.h"

namespace pare::mcu {

std::optional<RowOutputs> row_outputs(const nn::Int8Layer& layer, bool last) {
  if (!last) {
    if (std::optional<UniformShift> uniform = uniform_shift(layer)) {
      return RowOutputs{uniform->shift, std::move(uniform->multipliers), {}};
    }
  }
  if (layer.activation == nn::Activation::relu && layer.output.zero_point != -128) return {};
  RowOutputs result;
  for (nn::Index row = 0; row < layer.weights.rows(); ++row) {
    const nn::FixedPointMultiplier factor = nn::row_multiplier(layer, row);
    if (factor.multiplier != 0 && factor.shift >= 0) return {};
    result.multipliers.push_back(factor.multiplier);
    // Any shift serves for a multiplier of 0.
    result.row_shifts.push_back(static_cast<std::uint8_t>(std::max(1, -factor.shift)));
  }
  return result;
}

}  // namespace pare::mcu
