#pragma once

#include "experiments/base_cache.h"
#include "experiments/journal.h"
#include "experiments/results.h"

namespace pare::experiments {

/// For every seed: trains the base model or takes it from `cache`, makes every variant, measures
/// each on the host and on the emulated board; what `journal` has is not made again. Writes nothing
/// but temporary files, the cache and the journal. Where a variant cannot be made or measured, its
/// row lacks the numbers and has a note, and the others go on. Throws std::runtime_error if the
/// cross compiler or QEMU is missing, before anything is trained, and what went wrong if there is
/// no base model with any seed.
Results run(const Experiment& experiment, BaseCache& cache, Journal& journal,
            nlohmann::json environment);

}  // namespace pare::experiments
