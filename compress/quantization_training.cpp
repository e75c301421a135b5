#include "compress/quantization_training.h"

#include <cmath>
#include <utility>

namespace pare::compress {
namespace {

/// Adam's constants, as in nn::Optimizer.
constexpr float kBeta1 = 0.9F;
constexpr float kBeta2 = 0.999F;
constexpr float kEpsilon = 1e-8F;

bool beyond_range(float weight, float scale, int bits) {
  return bits > 1 && std::abs(weight) > scale * static_cast<float>(weight_limit(bits));
}

/// d (rounded weight) / d log(scale): of scale * round(weight / scale) with the rounding taken as
/// the identity, and of scale * limit beyond the range. One bit is scale times a sign everywhere.
float weight_slope(float weight, float scale, int bits) {
  const float rounded = scale * static_cast<float>(round_weight(weight, scale, bits));
  return bits == 1 || beyond_range(weight, scale, bits) ? rounded : rounded - weight;
}

}  // namespace

QuantizationTraining::QuantizationTraining(const nn::Model& model,
                                           std::vector<WeightFormat> formats, ScaleRule rule)
    : keep_zeros_(nn::keep_zeros(model)), formats_(std::move(formats)), rule_(rule) {
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    scales_.push_back(
        weight_scales(std::get<nn::DenseLayer>(model.layers[i]).weights, formats_[i]));
    const nn::Index count = scales_.back().size();
    moments_.push_back({nn::Vector::Zero(count), nn::Vector::Zero(count)});
  }
}

nn::WeightView QuantizationTraining::view() {
  return [this](std::size_t layer, nn::Matrix& weights) { show(layer, weights); };
}

nn::GradientView QuantizationTraining::gradient_view() {
  if (rule_ == ScaleRule::follow) return {};
  return [this](std::size_t layer, const nn::ConstMatrixRef& weights, nn::MatrixRef gradient,
                double rate) { learn(layer, weights, gradient, rate); };
}

void QuantizationTraining::show(std::size_t layer, nn::Matrix& weights) {
  keep_zeros_(layer, weights);
  const WeightFormat& format = formats_[layer];
  nn::Vector& scales = scales_[layer];
  for (nn::Index i = 0; i < scales.size(); ++i) {
    const nn::Index count = format.scale_a_row ? weights.cols() : weights.size();
    Eigen::Map<nn::Vector> shared(weights.data() + i * weights.cols(), count);
    if (rule_ == ScaleRule::follow) scales[i] = followed_scale(shared, format.bits, scales[i]);
    round_in_place(shared, format.bits, scales[i]);
  }
}

nn::Vector QuantizationTraining::scale_gradient(std::size_t layer,
                                                const nn::ConstMatrixRef& weights,
                                                const nn::ConstMatrixRef& gradient) const {
  const WeightFormat& format = formats_[layer];
  const nn::Vector& scales = scales_[layer];
  nn::Vector result = nn::Vector::Zero(scales.size());
  for (nn::Index row = 0; row < weights.rows(); ++row) {
    const nn::Index i = format.scale_a_row ? row : 0;
    if (!(scales[i] > 0)) continue;
    for (nn::Index column = 0; column < weights.cols(); ++column) {
      result[i] +=
          gradient(row, column) * weight_slope(weights(row, column), scales[i], format.bits);
    }
  }
  return result;
}

void QuantizationTraining::learn(std::size_t layer, const nn::ConstMatrixRef& weights,
                                 nn::MatrixRef gradient, double rate) {
  nn::Matrix seen = weights;
  keep_zeros_(layer, seen);
  const nn::Vector slope = scale_gradient(layer, seen, gradient);
  const WeightFormat& format = formats_[layer];
  nn::Vector& scales = scales_[layer];
  for (nn::Index row = 0; row < weights.rows(); ++row) {
    const float scale = scales[format.scale_a_row ? row : 0];
    for (nn::Index column = 0; column < weights.cols(); ++column) {
      if (beyond_range(seen(row, column), scale, format.bits)) gradient(row, column) = 0;
    }
  }
  Moments& moments = moments_[layer];
  ++moments.steps;
  moments.first = kBeta1 * moments.first + (1 - kBeta1) * slope;
  moments.second = kBeta2 * moments.second + (1 - kBeta2) * slope.cwiseAbs2();
  const auto steps = static_cast<float>(moments.steps);
  const float correction1 = 1 - std::pow(kBeta1, steps);
  const float correction2 = 1 - std::pow(kBeta2, steps);
  const auto step = (moments.first.array() / correction1) /
                    ((moments.second.array() / correction2).sqrt() + kEpsilon);
  scales.array() *= (-static_cast<float>(rate) * step).exp();
}

}  // namespace pare::compress
