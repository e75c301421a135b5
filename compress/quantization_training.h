#pragma once

#include "compress/int8_layer.h"
#include "nn/train.h"

namespace pare::compress {

/// What the scales of the weights do in training: follow the weights, or be learned with them.
enum class ScaleRule : std::uint8_t { follow, learned };

/// Quantization-aware training: the forward pass sees rounded weights, their gradient goes straight
/// to the weights themselves (straight-through estimator), and weights that are 0 in `model` stay
/// 0. Activations are not rounded in training. Scales that follow do so at every step: 8 bits by
/// their largest |weight|, fewer by one step of Lloyd's iteration towards the least squared error.
/// Learned ones go along the gradient of the loss, and weights beyond their range get none; Adam
/// steps the logarithm of the scale, so that a scale stays positive and its size does not matter.
/// Source: Jacob et al., CVPR 2018, section 3; Bengio et al., arXiv:1308.3432, 2013, section 4;
/// Lloyd's step as in Li, Zhang, Liu, "Ternary Weight Networks", arXiv:1605.04711, 2016, section 2;
/// learned: Esser et al., "Learned Step Size Quantization", ICLR 2020, section 2, equation 3; the
/// logarithm: Jain et al., "Trained Quantization Thresholds", MLSys 2020, section 3.4.
class QuantizationTraining {
 public:
  QuantizationTraining(const nn::Model& model, std::vector<WeightFormat> formats, ScaleRule rule);

  /// The views to train under; they live no longer than this.
  nn::WeightView view();
  nn::GradientView gradient_view();

  /// What the view does: rounds the weights of a layer, after moving the scales if they follow.
  /// Weights that are rounded already stay as they are.
  void show(std::size_t layer, nn::Matrix& weights);

  /// d loss / d log(scale) of the scales of a layer, [1] or [outputs], from the gradient with
  /// respect to the rounded weights, both [outputs, inputs]: the sum of gradient * weight_slope().
  nn::Vector scale_gradient(std::size_t layer, const nn::ConstMatrixRef& weights,
                            const nn::ConstMatrixRef& gradient) const;

  /// Layer by layer, [1] or [outputs]: those of the weights shown last.
  const std::vector<nn::Vector>& scales() const { return scales_; }

 private:
  /// The moments of one layer's scales.
  struct Moments {
    nn::Vector first;
    nn::Vector second;
    double power1 = 1;  // Adam's betas to the power of the steps so far
    double power2 = 1;
  };

  void learn(std::size_t layer, const nn::ConstMatrixRef& weights, nn::MatrixRef gradient,
             double rate);

  nn::WeightView keep_zeros_;
  std::vector<WeightFormat> formats_;
  ScaleRule rule_;
  std::vector<nn::Vector> scales_;
  std::vector<Moments> moments_;
};

}  // namespace pare::compress
