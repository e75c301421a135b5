#include "compress/int8_layer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "nn/quantization.h"
#include "nn/sums.h"

namespace pare::compress {
namespace {

constexpr int kFirstScales = 64;
constexpr int kLloydSteps = 10;

/// round_weight of each weight.
Eigen::ArrayXf rounded(const Eigen::Ref<const nn::Vector>& weights, float scale, int bits) {
  if (bits == 1) return weights.array().sign();
  const auto limit = static_cast<float>(weight_limit(bits));
  return (weights.array() / scale).round().max(-limit).min(limit);
}

/// The least-squares scale for the integers that `scale` rounds the weights to, and the squared
/// error that `scale` itself leaves.
struct LloydStep {
  float scale;
  double error;
};

LloydStep lloyd_step(const Eigen::Ref<const nn::Vector>& weights, float scale, int bits) {
  const Eigen::ArrayXf steps = rounded(weights, scale, bits);
  const Eigen::ArrayXf errors = weights.array() - scale * steps;
  const double square = nn::dot(steps.data(), steps.data(), steps.size());
  const double product = nn::dot(weights.data(), steps.data(), steps.size());
  return {square > 0 ? static_cast<float>(product / square) : scale,
          nn::dot(errors.data(), errors.data(), errors.size())};
}

/// What `scale_of(weights, bits)` says of each row, or of all weights.
template <class ScaleOf>
nn::Vector scales_by(ScaleOf scale_of, const nn::Matrix& weights, const WeightFormat& format) {
  if (!format.scale_a_row) {
    return nn::Vector::Constant(1, scale_of(weights.reshaped<Eigen::RowMajor>(), format.bits));
  }
  nn::Vector scales(weights.rows());
  for (nn::Index row = 0; row < weights.rows(); ++row) {
    scales[row] = scale_of(weights.row(row).transpose(), format.bits);
  }
  return scales;
}

}  // namespace

int weight_limit(int bits) { return bits == 1 ? 1 : (1 << (bits - 1)) - 1; }

std::int8_t round_weight(float weight, float scale, int bits) {
  if (bits == 1) return static_cast<std::int8_t>((weight > 0 ? 1 : 0) - (weight < 0 ? 1 : 0));
  const auto limit = static_cast<float>(weight_limit(bits));
  return static_cast<std::int8_t>(std::clamp(std::round(weight / scale), -limit, limit));
}

float weight_scale(const Eigen::Ref<const nn::Vector>& weights, int bits) {
  const float widest = weights.cwiseAbs().maxCoeff() / static_cast<float>(weight_limit(bits));
  if (bits == 8 || widest < std::numeric_limits<float>::min()) return widest;
  float best = widest;
  double least = std::numeric_limits<double>::infinity();
  for (int first = 1; first <= kFirstScales; ++first) {
    const float scale = widest * static_cast<float>(first) / kFirstScales;
    const double error = lloyd_step(weights, scale, bits).error;
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  for (int step = 0; step < kLloydSteps; ++step) best = lloyd_step(weights, best, bits).scale;
  return best;
}

nn::Vector weight_scales(const nn::Matrix& weights, const WeightFormat& format) {
  return scales_by(weight_scale, weights, format);
}

nn::Vector rounded_scales(const nn::Matrix& weights, const WeightFormat& format) {
  return scales_by(rounded_scale, weights, format);
}

float followed_scale(const Eigen::Ref<const nn::Vector>& weights, int bits, float scale) {
  if (bits == 8 || !(scale > 0)) return weight_scale(weights, bits);
  return lloyd_step(weights, scale, bits).scale;
}

float rounded_scale(const Eigen::Ref<const nn::Vector>& weights, int bits) {
  // Neighbouring candidates differ by more than 1 / 127 of a step somewhere, rounding by far less.
  constexpr float kTolerance = 1e-3F;
  const float largest = weights.cwiseAbs().maxCoeff();
  for (int times = 1; times <= weight_limit(bits); ++times) {
    const float scale = largest / static_cast<float>(times);
    if (!(scale > 0)) break;
    const auto steps = weights.array() / scale;
    if (((steps - steps.round()).abs() < kTolerance).all()) return scale;
  }
  return weight_scale(weights, bits);
}

void round_in_place(Eigen::Ref<nn::Vector> weights, int bits, float scale) {
  if (!(scale > 0)) return;
  weights.array() = scale * rounded(weights, scale, bits);
}

nn::Vector legal_scales(const nn::Vector& scales, const nn::Vector& bias,
                        const nn::Quantization& input, const nn::Quantization& output) {
  nn::Vector legal(scales.size());
  const float largest = scales.maxCoeff();
  const float of_zeros = largest > 0 ? largest : output.scale / input.scale / 256;
  for (nn::Index i = 0; i < scales.size(); ++i) {
    const float largest_bias = scales.size() == 1 ? bias.cwiseAbs().maxCoeff() : std::abs(bias[i]);
    const float scale = scales[i] > 0 ? scales[i] : of_zeros;
    legal[i] = std::max(scale, largest_bias / (input.scale * 0x1p29F));
  }
  return legal;
}

nn::Int8Matrix round_nearest(const nn::Matrix& weights, const nn::Vector& scales, int bits) {
  nn::Int8Matrix rounded(weights.rows(), weights.cols());
  for (nn::Index row = 0; row < weights.rows(); ++row) {
    for (nn::Index i = 0; i < weights.cols(); ++i) {
      rounded(row, i) = round_weight(weights(row, i), nn::row_scale(scales, row), bits);
    }
  }
  return rounded;
}

}  // namespace pare::compress
