#pragma once

#include <string>
#include <vector>

#include "bench/table.h"
#include "nn/model.h"

namespace pare::bench {

/// Each layer's shape, activation, numbers and their ranges.
Table layer_summary(const nn::Model& model);

/// The inputs' and outputs' own scales and names, a line each; none where they say nothing.
std::vector<std::string> describe_ends(const nn::Model& model);

/// Parameters of the largest model that is encoded for board_summary: beyond them no board's flash
/// holds even 1 bit for each, and encoding would take long.
constexpr nn::Index kMostPriced = 4'000'000;

/// A model under the name that the table gives it.
struct Candidate {
  std::string name;
  nn::Model model;
};

/// What each model takes on each board, as far as that is known without building it: bytes of
/// parameters and RAM, on the Nano 33 BLE also of flash, and cycles, by the measured prices of
/// mcu/encodings/costs.h; and whether it fits. A float32 model has no prices.
Table board_summary(const std::vector<Candidate>& models);

/// How two models differ, layer by layer.
struct Difference {
  Table table;
  double largest = 0;  ///< relative difference of anything; infinite where shapes differ
};

/// Compares weights and biases, of int8 layers what they stand for, and the outputs of every layer
/// for `inputs` [samples, features]: the largest difference, and it over the largest value of `a`.
/// The last row has the outputs of the models as they are, in their own arithmetic.
Difference compare_models(const nn::Model& a, const nn::Model& b, const nn::Matrix& inputs);

}  // namespace pare::bench
