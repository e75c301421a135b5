#include "mcu/encodings/compact_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "nn/quantization.h"

namespace pare::mcu {
namespace {

using nn::FixedPointMultiplier;

/// The multiplier and shift of each row. A multiplier of 0 is replaced by the smallest factor there
/// is, which makes 0 of every accumulator too.
std::vector<FixedPointMultiplier> row_multipliers(const nn::Int8Layer& layer) {
  std::vector<FixedPointMultiplier> factors;
  for (nn::Index row = 0; row < layer.weights.rows(); ++row) {
    FixedPointMultiplier factor = nn::row_multiplier(layer, row);
    if (factor.multiplier == 0) factor = {1 << 30, -31};
    factors.push_back(factor);
  }
  return factors;
}

bool all_alike(const std::vector<FixedPointMultiplier>& factors) {
  return std::all_of(factors.begin(), factors.end(), [&](const FixedPointMultiplier& factor) {
    return factor.multiplier == factors[0].multiplier && factor.shift == factors[0].shift;
  });
}

int bytes_for(const nn::Int32Vector& biases) {
  const std::int32_t low = biases.minCoeff();
  const std::int32_t high = biases.maxCoeff();
  if (low >= -(1 << 15) && high < 1 << 15) return 2;
  return low >= -(1 << 23) && high < 1 << 23 ? 3 : 4;
}

void append(std::vector<std::int8_t>& to, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to.push_back(static_cast<std::int8_t>(value >> (8 * i)));
}

/// The kernel reads four bytes from the first of a bias on.
LayerArray biases_array(const nn::Int32Vector& biases, int bias_bytes) {
  std::vector<std::int8_t> bytes;
  for (const std::int32_t bias : biases) {
    append(bytes, static_cast<std::uint32_t>(bias), bias_bytes);
  }
  append(bytes, 0, 4 - bias_bytes);
  return layer_array("biases", bytes);
}

/// The array "factors", and what the kernel has to know to read it.
struct Factors {
  std::vector<std::int8_t> bytes;
  int step;
  int shift;
};

Factors row_factors(const std::vector<FixedPointMultiplier>& rows) {
  const auto [least, most] = std::minmax_element(
      rows.begin(), rows.end(), [](const FixedPointMultiplier& a, const FixedPointMultiplier& b) {
        return a.shift < b.shift;
      });
  const int step = all_alike(rows) ? 0 : most->shift - least->shift < 4 ? 4 : 5;
  Factors factors{{}, step, least->shift};
  for (const FixedPointMultiplier& row : rows) {
    const auto mantissa = static_cast<std::uint32_t>(row.multiplier) & 0x3fffffffU;
    const auto shift = static_cast<std::uint32_t>(row.shift - least->shift);
    append(factors.bytes, step == 5 ? mantissa : mantissa | shift << 30, 4);
    if (step == 5) append(factors.bytes, shift, 1);
    if (step == 0) break;
  }
  return factors;
}

}  // namespace

CompactRowsCode compact_rows(const nn::Int8Layer& layer) {
  const Factors factors = row_factors(row_multipliers(layer));
  const int bias_bytes = bytes_for(layer.bias);
  const int zero_point = nn::requantized(layer).zero_point;
  const int low = layer.activation == nn::Activation::relu ? 0 : -128 - zero_point;
  const int high = 127 - zero_point;
  const bool single = layer.requantizing == nn::Requantizing::single_rounding;
  return {{biases_array(layer.bias, bias_bytes), layer_array("factors", factors.bytes)},
          {static_cast<std::uint8_t>(bias_bytes), static_cast<std::uint8_t>(factors.step),
           static_cast<std::int8_t>(factors.shift), single, static_cast<std::int16_t>(low),
           static_cast<std::int16_t>(high), static_cast<std::int16_t>(zero_point)}};
}

std::vector<std::string> compact_rows_functions(const std::string& kernel, bool last) {
  return {"RowWriter", kernel, fmt::format("{}, {} outputs", kernel, last ? "int8" : "widened")};
}

}  // namespace pare::mcu
