#pragma once

#include <vector>

#include "nn/random.h"

namespace pare::nn {

/// What a split of samples goes by.
struct Strata {
  /// One a sample, below the number of classes, or none: each class has its share of both parts.
  std::vector<Index> classes;
  /// One a sample, or none: the samples of one group stay in one part.
  std::vector<Index> groups;
};

/// About `share` in (0, 1) of `samples` samples, of each class if its groups allow it, and at least
/// one group of each class that has two; never all. Their numbers, rising. Throws
/// std::invalid_argument if there is one group alone.
std::vector<Index> choose_part(Index samples, const Strata& strata, double share, Random random);

/// The numbers 0 to count - 1 that are not in `part`, which rises.
std::vector<Index> rest_of(Index count, const std::vector<Index>& part);

}  // namespace pare::nn
