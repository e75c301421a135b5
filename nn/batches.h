#pragma once

#include <vector>

#include "nn/random.h"
#include "nn/train.h"

namespace pare::nn {

/// The training data cut into batches, in a new random order each epoch; one batch is gathered at a
/// time, into the same buffers, its images flipped and shifted at random where the options say so.
class Batches {
 public:
  /// `inputs` [samples, features] as training sees them, and `targets` [samples, outputs]; both
  /// must outlive the batches. `blank` [features] is what a shift brings in. Throws
  /// std::invalid_argument if images are to be flipped or shifted, and `shape` says there are none.
  Batches(const Matrix& inputs, const Matrix& targets, ImageShape shape, Eigen::RowVectorXf blank,
          const TrainOptions& options, std::uint64_t seed);

  /// Batches in an epoch; the last may be smaller.
  Index count() const { return (inputs_.rows() + size_ - 1) / size_; }

  /// Samples in a batch, at most.
  Index size() const { return size_; }

  void shuffle();

  Batch gather(Index index);

 private:
  void gather_image(Index row, Index place);

  const Matrix& inputs_;
  const Matrix& targets_;
  ImageShape shape_;
  Eigen::RowVectorXf blank_;
  bool flip_;
  Index shift_;
  Index size_;
  Random random_;
  std::vector<Index> order_;
  Matrix batch_inputs_;  // padded (nn/product.h)
  Matrix batch_targets_;
};

}  // namespace pare::nn
