#pragma once

#include "nn/forward.h"
#include "tests/mcu/random_int8.h"

namespace pare::tests {

/// The same model with `sparsity` of its weights 0.
inline nn::Model with_zeros(nn::Model model, std::uint64_t seed, double sparsity) {
  nn::Random random(seed, 79);
  for (nn::Layer& layer : model.layers) {
    for (std::int8_t& weight : std::get<nn::Int8Layer>(layer).weights.reshaped<Eigen::RowMajor>()) {
      if (random.uniform(0, 1) < sparsity) weight = 0;
    }
  }
  return model;
}

/// The same model with each weight one of `values`.
inline nn::Model with_values(nn::Model model, std::uint64_t seed,
                             const std::vector<std::int8_t>& values) {
  nn::Random random(seed, 80);
  for (nn::Layer& layer : model.layers) {
    for (std::int8_t& weight : std::get<nn::Int8Layer>(layer).weights.reshaped<Eigen::RowMajor>()) {
      weight = values[random.below(static_cast<std::uint32_t>(values.size()))];
    }
  }
  return model;
}

/// The same model with at most `n` of each `m` consecutive weights of a row not 0.
inline nn::Model with_n_of_m(nn::Model model, nn::Index n, nn::Index m) {
  for (nn::Layer& layer : model.layers) {
    nn::Int8Matrix& weights = std::get<nn::Int8Layer>(layer).weights;
    for (nn::Index row = 0; row < weights.rows(); ++row) {
      for (nn::Index i = 0; i < weights.cols(); ++i) {
        if ((i * 7 + row) % m >= n) weights(row, i) = 0;
      }
    }
  }
  return model;
}

/// Models that between them every int8 encoding can store: of all values, with zeros and rows of
/// zeros, of 2 to 16 values on a grid and off it, and n of m. `kind` counts through them.
inline nn::Model any_int8_model(const std::vector<nn::Index>& widths, std::uint64_t seed,
                                std::uint64_t kind) {
  nn::Model model = random_int8_model(widths, seed, seed % 3 == 0);
  switch (kind % 12) {
    case 0:
      return model;
    case 1:
      return with_values(std::move(model), seed, {-127, 127});
    case 2:
      return with_values(std::move(model), seed, {-1, 0, 1});
    case 3:
      return with_values(std::move(model), seed, {-8, -7, -3, -2, -1, 0, 1, 2, 5, 6, 7});
    case 4:
      return with_values(std::move(model), seed, {-127, -3, 0, 127});
    case 5:
      return with_values(std::move(model), seed, {-126, -127, -5, 0, 1, 77, 127});
    case 6:
      return with_values(std::move(model), seed, {-127, 0, 0, 0, 0, 0, 126, 3, 4, 5, 90, 17});
    case 7:
      return with_n_of_m(std::move(model), 2, 4);
    case 8:
      return with_n_of_m(std::move(model), 3, 16);
    case 9:
      return with_zeros(std::move(model), seed, 1);
    case 10:
      return with_zeros(std::move(model), seed, 0.95);
    default:
      return with_zeros(std::move(model), seed, 0.7);
  }
}

}  // namespace pare::tests
