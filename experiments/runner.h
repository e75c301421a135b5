#pragma once

#include "experiments/base_cache.h"
#include "experiments/results.h"

namespace pare::experiments {

/// For every seed: trains the base model or takes it from `cache`, makes every variant, measures
/// each on the host and on the emulated board. Writes nothing but temporary files and the cache.
/// Throws std::runtime_error if the cross compiler or QEMU is missing, before anything is trained.
Results run(const Experiment& experiment, BaseCache& cache);

/// The per-layer count of a model, as results.json keeps it: inputs, outputs, parameters,
/// bytes.
nlohmann::json count_layers(const nn::Model& model);

}  // namespace pare::experiments
