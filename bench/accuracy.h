#pragma once

#include <optional>

#include "nn/dataset.h"

namespace pare::bench {

/// How far a model's outputs are from a dataset's targets.
struct Accuracy {
  std::optional<double> mse;        ///< regression: mean squared error
  std::optional<double> mae;        ///< regression: mean absolute error
  std::optional<double> max_error;  ///< regression: largest absolute error
  std::optional<double> top1;  ///< classification: percent of samples whose largest output is right
};

/// Accuracy of `model` on `data`; of an int8 model with the integer arithmetic that the board runs.
Accuracy measure_accuracy(const nn::Model& model, const nn::Dataset& data);

}  // namespace pare::bench
