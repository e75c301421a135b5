#pragma once

#include <cstddef>
#include <vector>

#include "experiments/config.h"

namespace pare::experiments {

/// One model on the way from the base model to the variants.
struct StepNode {
  const compress::Step* step = nullptr;  ///< what makes it from its parent; none makes the base
  std::size_t parent = 0;
  std::vector<std::size_t> children;
  std::vector<std::size_t> variants;  ///< that this model is
  double epochs = 0;                  ///< of training in its own step, as far as its options say
  double work = 0;  ///< epochs of the longest chain from here on, its own included
};

/// The steps of all variants as a tree, the base model first, parents before children. Variants
/// whose chains begin with the same passes and options share those nodes: a pass gives the same
/// model each time. `variants` must outlive it.
std::vector<StepNode> step_tree(const std::vector<Variant>& variants, double base_epochs);

}  // namespace pare::experiments
