#pragma once

#include "compress/int8_layer.h"
#include "nn/train.h"

namespace pare::compress {

/// Quantization-aware training: the forward pass sees rounded weights, their gradient goes straight
/// to the weights themselves (straight-through estimator), and weights that are 0 in `model` stay
/// 0. The scales follow the weights at every step: 8 bits by their largest |weight|, fewer by one
/// step of Lloyd's iteration towards the least squared error. Activations are not rounded in
/// training. Source: Jacob et al., CVPR 2018, section 3; Bengio et al., arXiv:1308.3432, 2013,
/// section 4; the scales' step as in Li, Zhang, Liu, "Ternary Weight Networks", arXiv:1605.04711,
/// 2016, section 2.
class QuantizationTraining {
 public:
  QuantizationTraining(const nn::Model& model, std::vector<WeightFormat> formats);

  /// The view to train under; lives no longer than this.
  nn::WeightView view();

  /// What the view does: moves the scales of a layer and rounds its weights. Weights that are
  /// rounded already stay as they are, and the scales become theirs.
  void show(std::size_t layer, nn::Matrix& weights);

  /// Layer by layer, [1] or [outputs]: those of the weights shown last.
  const std::vector<nn::Vector>& scales() const { return scales_; }

 private:
  nn::WeightView keep_zeros_;
  std::vector<WeightFormat> formats_;
  std::vector<nn::Vector> scales_;
};

}  // namespace pare::compress
