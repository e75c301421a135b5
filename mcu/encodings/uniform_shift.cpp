#include "mcu/encodings/uniform_shift.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "mcu/kernel/paired_int8.h"
#include "nn/quantization.h"

namespace pare::mcu {
namespace {

/// Of a factor near 2^-15; 256 outputs, scaled by 2^(shift + 32), fit 64 bits.
constexpr int kLargestShift = 22;

/// The least of the row's sums from which the reference gives each of the outputs 1 to 255, as far
/// as they reach: the lowest sum of all for an output that every sum exceeds or gives. Its outputs
/// never fall as the sum grows.
std::vector<std::int64_t> steps(const nn::AccumulatorRange& range,
                                const nn::FixedPointMultiplier& factor) {
  const auto output = [&](std::int64_t sum) {
    return nn::requantize(static_cast<std::int32_t>(sum), factor);
  };
  std::vector<std::int64_t> found;
  std::int64_t low = range.low;
  for (std::int32_t wanted = 1; wanted <= 255 && output(range.high) >= wanted; ++wanted) {
    std::int64_t end = range.high;
    while (low < end) {
      const std::int64_t middle = low + (end - low) / 2;
      if (output(middle) >= wanted) {
        end = middle;
      } else {
        low = middle + 1;
      }
    }
    found.push_back(low);
  }
  return found;
}

struct Multipliers {
  std::int64_t least;
  std::int64_t most;
};

/// Which multipliers make the kernel step up exactly where the reference does, given a fraction:
/// output n comes from (256 * sum + fraction) * multiplier >= (n * 2^shift - rounding) * 2^32. The
/// sums of all steps are above 0, as every sum up to 0 gives 0. None where least > most.
Multipliers multipliers(const nn::AccumulatorRange& range, const std::vector<std::int64_t>& steps,
                        std::int32_t fraction, std::int32_t shift) {
  const auto target = [&](std::size_t output) {
    return ((static_cast<std::int64_t>(output) << shift) - uniform_rounding(shift)) << 32;
  };
  Multipliers result{0, std::numeric_limits<std::int32_t>::max()};
  const auto stay_below = [&](std::int64_t sum, std::size_t output) {
    const std::int64_t scaled = kSumScale * sum + fraction;
    if (scaled > 0) result.most = std::min(result.most, (target(output) - 1) / scaled);
  };
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::int64_t scaled = kSumScale * steps[i] + fraction;
    if (scaled <= 0) return {1, 0};
    result.least = std::max(result.least, (target(i + 1) + scaled - 1) / scaled);
    if (steps[i] > range.low) stay_below(steps[i] - 1, i + 1);
  }
  if (steps.size() < 255) stay_below(range.high, steps.size() + 1);
  return result;
}

/// How far a fraction may reach, 16 more included: scaled sums and it together fit a word.
double largest_fraction(const nn::AccumulatorRange& range) {
  return 0x1p31 - 32 - kSumScale * static_cast<double>(std::max(range.high, -range.low));
}

bool add_row(const nn::AccumulatorRange& range, const nn::FixedPointMultiplier& factor,
             UniformShift& result) {
  const std::vector<std::int64_t> wanted = steps(range, factor);
  if (wanted.empty()) {
    result.multipliers.push_back(0);
    result.fractions.push_back(0);
    return true;
  }
  // The row's own first rounding, if it has one, is half of 2^-lost_bits in the kernel's, which
  // adds half of 1.
  const int lost_bits = kScaleBits - factor.shift - result.shift;
  const double multiplier = factor.multiplier / std::exp2(lost_bits);
  const double own =
      factor.requantizing == nn::Requantizing::single_rounding ? 0 : std::exp2(-lost_bits);
  const double excess = 64 * (1 - own) * 0x1p32 / multiplier;
  if (excess >= largest_fraction(range)) return false;
  const auto nearest = -static_cast<std::int32_t>(std::lround(excess));
  for (std::int32_t distance = 0; distance < 16; ++distance) {
    for (const std::int32_t fraction : {nearest + distance, nearest - distance}) {
      const Multipliers found = multipliers(range, wanted, fraction, result.shift);
      if (found.least > found.most) continue;
      result.multipliers.push_back(static_cast<std::int32_t>((found.least + found.most) / 2));
      result.fractions.push_back(fraction);
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<UniformShift> uniform_shift(const nn::Int8Layer& layer) {
  if (layer.activation != nn::Activation::relu || layer.output.zero_point != -128) return {};
  UniformShift result{kLargestShift, {}, {}};
  for (nn::Index row = 0; row < layer.weights.rows(); ++row) {
    const nn::FixedPointMultiplier factor = nn::row_multiplier(layer, row);
    if (factor.multiplier == 0) continue;
    if (factor.shift >= 0) return {};
    result.shift = std::min(result.shift, kScaleBits - factor.shift);
  }
  for (nn::Index row = 0; row < layer.weights.rows(); ++row) {
    const nn::AccumulatorRange range = nn::accumulator_range(layer, row);
    if (!add_row(range, nn::row_multiplier(layer, row), result)) return {};
  }
  return result;
}

}  // namespace pare::mcu
