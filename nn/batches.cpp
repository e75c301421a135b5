#include "nn/batches.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "nn/product.h"

namespace pare::nn {

Batches::Batches(const Matrix& inputs, const Matrix& targets, ImageShape shape,
                 Eigen::RowVectorXf blank, const TrainOptions& options, std::uint64_t seed)
    : inputs_(inputs),
      targets_(targets),
      shape_(shape),
      blank_(std::move(blank)),
      flip_(options.flip),
      shift_(options.shift),
      size_(std::min(options.batch_size, inputs.rows())),
      random_(seed, Stream::batches),
      order_(random_.permutation(inputs.rows())),
      batch_inputs_(Matrix::Zero(size_, padded_columns(inputs.cols()))),
      batch_targets_(size_, targets.cols()) {
  if ((flip_ || shift_ > 0) && shape_.height * shape_.width != inputs.cols()) {
    throw std::invalid_argument("flip and shift need images; these inputs are none");
  }
}

void Batches::shuffle() { nn::shuffle(order_, random_); }

/// Pixel (x, y) of the batch's image is pixel (x - dx, y - dy) of the original, or of its mirror
/// image.
void Batches::gather_image(Index row, Index place) {
  const auto draw = [this] {
    return static_cast<Index>(random_.below(static_cast<std::uint32_t>(2 * shift_ + 1))) - shift_;
  };
  const Index dx = draw();
  const Index dy = draw();
  const bool mirrored = flip_ && random_.below(2) == 1;
  const auto [height, width] = shape_;
  const float* const from = inputs_.row(row).data();
  float* to = batch_inputs_.row(place).data();
  for (Index y = 0; y < height; ++y) {
    for (Index x = 0; x < width; ++x, ++to) {
      const Index source_x = mirrored ? width - 1 - (x - dx) : x - dx;
      const Index source_y = y - dy;
      const bool inside = source_x >= 0 && source_x < width && source_y >= 0 && source_y < height;
      *to = inside ? from[source_y * width + source_x] : blank_[y * width + x];
    }
  }
}

Batch Batches::gather(Index index) {
  const Index begin = index * size_;
  const Index samples = std::min(size_, inputs_.rows() - begin);
  for (Index i = 0; i < samples; ++i) {
    const Index row = order_[static_cast<std::size_t>(begin + i)];
    if (flip_ || shift_ > 0) {
      gather_image(row, i);
    } else {
      batch_inputs_.row(i).head(inputs_.cols()) = inputs_.row(row);
    }
    batch_targets_.row(i) = targets_.row(row);
  }
  return {batch_inputs_.topLeftCorner(samples, inputs_.cols()),
          batch_targets_.topRows(samples),
          {order_.data() + begin, static_cast<std::size_t>(samples)}};
}

}  // namespace pare::nn
