#pragma once

#include <cmath>
#include <vector>

#include "nn/activation.h"
#include "nn/model.h"
#include "nn/random.h"

namespace pare::tests {

inline std::int32_t random_integer(nn::Random& random, std::int32_t low, std::int32_t high) {
  return low + static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(high - low + 1)));
}

/// A legal int8 model with nothing regular about it: per-row scales that lie close or far apart,
/// and shift right and left, any zero points, though often a ReLU's own, some weights at their
/// extremes and some 0, outputs that often saturate; layers that round once and twice by turns,
/// identity and ReLU ones, and with `tables` those of every activation.
inline nn::Model random_int8_model(const std::vector<nn::Index>& widths, std::uint64_t seed,
                                   bool tables = false) {
  nn::Random random(seed, 77);
  nn::Model model;
  const auto functions = nn::activation_functions().first(tables ? 10 : 2);
  nn::Quantization input{0.1F, random_integer(random, -128, 127)};
  for (std::size_t i = 1; i < widths.size(); ++i) {
    const nn::Index inputs = widths[i - 1];
    const nn::Index outputs = widths[i];
    nn::Int8Layer layer{nn::Int8Matrix(outputs, inputs),
                        nn::Int32Vector(outputs),
                        nn::Vector(outputs),
                        input,
                        {0.1F, random_integer(random, -128, 127)},
                        {functions[random.below(static_cast<std::uint32_t>(functions.size()))]}};
    if (layer.activation.function().info.alpha) layer.activation.alpha = 0.2F;
    const bool relu = layer.activation == nn::Activation::relu;
    if (relu && random.below(4) != 0) layer.output.zero_point = -128;
    if ((seed + i) % 2 == 0) layer.requantizing = nn::Requantizing::single_rounding;
    const double spread = std::vector<double>{0, 0.5, 3}[random.below(3)];
    const double size = random.below(8) == 0 ? 50 : 1;
    if (nn::has_table(layer.activation)) {
      layer.pre_activation = {0.1F, random_integer(random, -128, 127)};
      layer.output = nn::table_output(layer.activation).value_or(layer.output);
    }
    for (nn::Index row = 0; row < outputs; ++row) {
      for (nn::Index column = 0; column < inputs; ++column) {
        const std::uint32_t kind = random.below(8);
        const std::int32_t extreme = kind == 1 ? 127 : -127;
        const std::int32_t weight = kind == 0  ? 0
                                    : kind < 3 ? extreme
                                               : random_integer(random, -127, 127);
        layer.weights(row, column) = static_cast<std::int8_t>(weight);
      }
      layer.bias[row] = random_integer(random, -20000, 20000);
      const double typical = 70 * 70 * std::sqrt(static_cast<double>(inputs)) / 100;
      layer.weight_scales[row] =
          static_cast<float>(size * std::exp(random.uniform(-spread, spread)) / typical);
    }
    input = layer.output;
    model.layers.emplace_back(std::move(layer));
  }
  return model;
}

/// Random int8 inputs [samples, count], every eighth value at an extreme.
inline nn::Int8Matrix random_int8_inputs(nn::Index samples, nn::Index count, std::uint64_t seed) {
  nn::Random random(seed, 78);
  nn::Int8Matrix inputs(samples, count);
  for (std::int8_t& value : inputs.reshaped<Eigen::RowMajor>()) {
    const std::uint32_t kind = random.below(16);
    const std::int32_t extreme = kind == 0 ? -128 : 127;
    value = static_cast<std::int8_t>(kind < 2 ? extreme : random_integer(random, -128, 127));
  }
  return inputs;
}

}  // namespace pare::tests
