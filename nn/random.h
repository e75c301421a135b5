#pragma once

#include <cstdint>
#include <vector>

#include "nn/model.h"

namespace pare::nn {

/// What random numbers are drawn for: no two of these share a sequence, whatever their seeds.
enum class Stream : std::uint64_t {
  sine_training = 1,
  sine_validation,
  initial_weights,
  batches,
  dropout,
  validation_split,
  kept_labels,     ///< of distill
  other_teachers,  ///< of distill, by the teacher
  hints,           ///< of distill: the regressor
  retraining,      ///< by the pass's own number of a training
  obs_samples,     ///< of obs_prune
  random_inputs,   ///< of a model without data: training, validation, test
  test_split,      ///< of a file that is training and test set
};

/// A deterministic generator: the same seed gives the same numbers with every standard library,
/// unlike the distributions of <random>.
/// Source: PCG-XSH-RR 64/32, O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically
/// Good Algorithms for Random Number Generation", HMC-CS-2014-0905.
class Random {
 public:
  /// `sequence` picks one of 2^63 of the same seed.
  explicit Random(std::uint64_t seed, std::uint64_t sequence = 0);

  /// The sequence of one use; `index` < 2^32 tells its occasions apart.
  Random(std::uint64_t seed, Stream stream, std::uint64_t index = 0);

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

/// A seed for work that draws random numbers of its own, such as a training: another one for every
/// seed, stream and index, so that the passes of one seed never repeat those of another.
std::uint64_t derive_seed(std::uint64_t seed, Stream stream, std::uint64_t index = 0);

/// Puts `order` in random order (Fisher and Yates).
void shuffle(std::vector<Index>& order, Random& random);

}  // namespace pare::nn
