#pragma once

#include <vector>

#include "bench/table.h"
#include "compress/pass.h"
#include "experiments/progress.h"

namespace pare::experiments {

/// What pruning or quantizing one layer alone does to a model. Numbers are accuracies on validation
/// data: percent of classes that are right, or the mean squared error.
struct LayerSensitivity {
  std::vector<double> pruned;     ///< by kSparsities
  std::vector<double> quantized;  ///< by kWeightBits
};

struct Sensitivity {
  double float32;  ///< of the model itself
  double int8;     ///< with every weight in 8 bits
  std::vector<LayerSensitivity> layers;
};

inline const std::vector<double> kSparsities{0.5, 0.7, 0.8, 0.9, 0.95, 0.98};
inline const std::vector<std::int64_t> kWeightBits{4, 3, 2, 1};

/// The sensitivity of `base` (float32), layer by layer. Pruned is magnitude_prune of that layer,
/// the others untouched in float32; quantized is quantize_weights with that layer's weights in so
/// many bits, the others' in 8, activations in int8, as the board computes it. Neither trains.
Sensitivity measure_sensitivity(const nn::Model& base, const compress::Context& context,
                                std::size_t threads);

/// One row a layer.
bench::Table sensitivity_table(const nn::Model& base, const Sensitivity& sensitivity,
                               nn::Task task);

}  // namespace pare::experiments
