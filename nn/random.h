#pragma once

#include <cstdint>
#include <vector>

#include "nn/model.h"

namespace pare::nn {

/// A deterministic generator: the same seed gives the same numbers with every standard library,
/// unlike the distributions of <random>.
/// Source: PCG-XSH-RR 64/32, O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically
/// Good Algorithms for Random Number Generation", HMC-CS-2014-0905.
class Random {
 public:
  /// `stream` picks one of 2^63 sequences of the same seed.
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0);

  std::uint32_t bits();

  /// Uniform in [0, bound), without bias; bound > 0.
  std::uint32_t below(std::uint32_t bound);

  /// Uniform in [low, high), in steps of (high - low) / 2^32.
  double uniform(double low, double high);

  /// Normal with mean 0 and standard deviation 1 (Box and Muller 1958).
  double normal();

  /// The numbers 0 to count - 1 in random order (Fisher and Yates).
  std::vector<Index> permutation(Index count);

 private:
  std::uint64_t state_ = 0;
  std::uint64_t increment_;
};

/// Puts `order` in random order (Fisher and Yates).
void shuffle(std::vector<Index>& order, Random& random);

}  // namespace pare::nn
