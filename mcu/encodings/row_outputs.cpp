#include "mcu/encodings/row_outputs.h"

#include <algorithm>

#include "mcu/encodings/uniform_shift.h"
#include "mcu/kernel/paired_int8.h"
#include "nn/quantization.h"

namespace pare::mcu {
RowOutputs row_outputs(const nn::Int8Layer& layer) {
  if (std::optional<UniformShift> uniform = uniform_shift(layer)) {
    return {uniform->shift, std::move(uniform->multipliers), std::move(uniform->fractions), {}};
  }
  const bool once = layer.requantizing == nn::Requantizing::single_rounding;
  RowOutputs result;
  result.shift = once ? kRoundedOnce : kRoundedTwice;
  for (nn::Index row = 0; row < layer.weights.rows(); ++row) {
    const nn::FixedPointMultiplier factor = nn::row_multiplier(layer, row);
    result.multipliers.push_back(factor.multiplier);
    result.fractions.push_back(0);
    // Any shift serves for a multiplier of 0. Rounded once, the sums' scale is left for the shift:
    // at 2^31, where the kernel's end, no sum below 2^23 is above a half.
    const int shift = std::max(1, -factor.shift);
    result.row_shifts.push_back(
        static_cast<std::uint8_t>(once ? std::min(shift + kScaleBits, 31) : shift));
  }
  return result;
}

}  // namespace pare::mcu
