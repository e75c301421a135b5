#include "compress/quantization_training.h"

#include <cmath>
#include <utility>

#include "nn/elementary.h"
#include "nn/sums.h"

namespace pare::compress {
namespace {

/// Adam's constants, as in nn::Optimizer.
constexpr float kBeta1 = 0.9F;
constexpr float kBeta2 = 0.999F;
constexpr float kEpsilon = 1e-8F;

/// Whether the weights of a row are beyond what their bits and `scale` reach; one bit is scale
/// times a sign everywhere.
Eigen::Array<bool, 1, Eigen::Dynamic> beyond_range(const nn::ConstMatrixRef& row, float scale,
                                                   int bits) {
  if (bits == 1) return Eigen::Array<bool, 1, Eigen::Dynamic>::Constant(row.cols(), false);
  return row.array().abs() > scale * static_cast<float>(weight_limit(bits));
}

/// d (rounded weight) / d log(scale) of a row: of scale * round(weight / scale) with the rounding
/// taken as the identity, and of scale * limit beyond the range.
nn::Matrix weight_slopes(const nn::ConstMatrixRef& row, float scale, int bits) {
  nn::Matrix rounded = row;
  round_in_place(rounded.transpose(), bits, scale);
  if (bits == 1) return rounded;
  return beyond_range(row, scale, bits).select(rounded, rounded - row);
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
  Eigen::VectorXd sums = Eigen::VectorXd::Zero(scales.size());
  for (nn::Index row = 0; row < weights.rows(); ++row) {
    const nn::Index i = format.scale_a_row ? row : 0;
    if (!(scales[i] > 0)) continue;
    const nn::Matrix slopes = weight_slopes(weights.row(row), scales[i], format.bits);
    sums[i] += nn::dot(gradient.row(row).data(), slopes.data(), slopes.size());
  }
  return sums.cast<float>();
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
    const auto beyond = beyond_range(seen.row(row), scale, format.bits);
    gradient.row(row) = beyond.select(0, gradient.row(row));
  }
  Moments& moments = moments_[layer];
  moments.power1 *= double{kBeta1};
  moments.power2 *= double{kBeta2};
  moments.first = kBeta1 * moments.first + (1 - kBeta1) * slope;
  moments.second = kBeta2 * moments.second + (1 - kBeta2) * slope.cwiseAbs2();
  for (nn::Index i = 0; i < scales.size(); ++i) {
    const float first = moments.first[i] / static_cast<float>(1 - moments.power1);
    const float second = moments.second[i] / static_cast<float>(1 - moments.power2);
    const float step = first / (std::sqrt(second) + kEpsilon);
    scales[i] *= nn::elementary::exp(-static_cast<float>(rate) * step);
  }
}

}  // namespace pare::compress
