#pragma once

#include "nn/forward.h"
#include "tests/mcu/random_int8.h"

namespace pare::tests {

/// A random int8 model of which `sparsity` of the weights are 0, and some rows altogether.
inline nn::Model sparse_int8_model(const std::vector<nn::Index>& widths, std::uint64_t seed,
                                   double sparsity) {
  nn::Random random(seed, 79);
  nn::Model model = random_int8_model(widths, seed, seed % 3 == 0);
  for (nn::Layer& layer : model.layers) {
    nn::Int8Matrix& weights = std::get<nn::Int8Layer>(layer).weights;
    for (std::int8_t& weight : weights.reshaped<Eigen::RowMajor>()) {
      if (random.uniform(0, 1) < sparsity) weight = 0;
    }
    if (seed % 2 == 0) weights.row(random.below(static_cast<std::uint32_t>(weights.rows()))) *= 0;
  }
  return model;
}

}  // namespace pare::tests
