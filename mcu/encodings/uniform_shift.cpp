#include "mcu/encodings/uniform_shift.h"

#include <algorithm>

#include "mcu/kernel/paired_int8.h"
#include "nn/quantization.h"

namespace pare::mcu {
namespace {

/// Sums are scaled by 2^8 where the reference doubles them.
constexpr int kScaleBits = 7;
/// What C++ and USAT can shift, and the rounding's place in 32 bits.
constexpr int kLargestShift = 30;
/// How far from its nearest value a multiplier is looked for.
constexpr std::int32_t kTries = 16;

/// The least sum from which the reference gives each of the outputs 1 to 255, as far as the row's
/// sums reach. Its outputs never fall as the sum grows.
std::vector<std::int32_t> steps(const nn::AccumulatorRange& range,
                                const nn::FixedPointMultiplier& factor) {
  std::vector<std::int32_t> found;
  auto low = static_cast<std::int32_t>(range.low);
  const auto high = static_cast<std::int32_t>(range.high);
  for (std::int32_t output = 1; output <= 255 && nn::requantize(high, factor) >= output; ++output) {
    std::int32_t end = high;
    while (low < end) {
      const std::int32_t middle = low + (end - low) / 2;
      if (nn::requantize(middle, factor) >= output) {
        end = middle;
      } else {
        low = middle + 1;
      }
    }
    found.push_back(low);
  }
  return found;
}

/// True if the uniform arithmetic steps up exactly where the reference does.
bool agrees(const nn::AccumulatorRange& range, const std::vector<std::int32_t>& steps,
            std::int32_t multiplier, std::int32_t shift) {
  const auto output = [&](std::int64_t sum) {
    return uniform_output(static_cast<std::int32_t>(sum) * 256, multiplier, shift);
  };
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto expected = static_cast<std::int32_t>(i) + 1;
    if (output(steps[i]) < expected) return false;
    if (steps[i] > range.low && output(steps[i] - std::int64_t{1}) >= expected) return false;
  }
  return output(range.high) == static_cast<std::int32_t>(steps.size());
}

std::optional<std::int32_t> find_multiplier(const nn::AccumulatorRange& range,
                                            const nn::FixedPointMultiplier& factor,
                                            std::int32_t shift) {
  if (factor.multiplier == 0) return 0;
  const int lost_bits = shift - kScaleBits + factor.shift;
  const std::int64_t half = (std::int64_t{1} << lost_bits) / 2;
  const auto nearest = static_cast<std::int32_t>((factor.multiplier + half) >> lost_bits);
  const std::vector<std::int32_t> wanted = steps(range, factor);
  for (std::int32_t distance = 0; distance <= kTries; ++distance) {
    for (const std::int32_t multiplier : {nearest + distance, nearest - distance}) {
      if (multiplier >= 0 && agrees(range, wanted, multiplier, shift)) return multiplier;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<UniformShift> uniform_shift(const nn::Int8Layer& layer) {
  if (layer.activation != nn::Activation::relu || layer.output.zero_point != -128) return {};
  UniformShift result{0, {}};
  for (nn::Index row = 0; row < layer.weights.rows(); ++row) {
    const nn::FixedPointMultiplier factor = nn::row_multiplier(layer, row);
    const nn::AccumulatorRange range = nn::accumulator_range(layer, row);
    const std::int64_t limit = std::int64_t{1} << 23;
    if (range.low <= -limit || range.high >= limit) return {};
    if (factor.multiplier != 0 && factor.shift >= 0) return {};
    if (factor.multiplier != 0) result.shift = std::max(result.shift, kScaleBits - factor.shift);
  }
  if (result.shift > kLargestShift) return {};
  result.shift = std::max(result.shift, 1);
  for (nn::Index row = 0; row < layer.weights.rows(); ++row) {
    const std::optional<std::int32_t> multiplier = find_multiplier(
        nn::accumulator_range(layer, row), nn::row_multiplier(layer, row), result.shift);
    if (!multiplier) return {};
    result.multipliers.push_back(*multiplier);
  }
  return result;
}

}  // namespace pare::mcu
