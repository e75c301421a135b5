#include "nn/target_scaling.h"

#include <cmath>
#include <limits>

namespace pare::nn {
namespace {

/// (value - offset) / factor, rounded once.
float to_scaled(float value, float offset, float factor) {
  return static_cast<float>((double{value} - double{offset}) / double{factor});
}

float from_scaled(float value, float offset, float factor) {
  return static_cast<float>(double{value} * double{factor} + double{offset});
}

}  // namespace

TargetScaling fit_target_scaling(const Dataset& data) {
  TargetScaling scaling = identity_target_scaling(data.targets.cols());
  if (data.task == Task::classification) return scaling;
  const auto samples = static_cast<double>(data.targets.rows());
  for (Index k = 0; k < data.targets.cols(); ++k) {
    double sum = 0;
    for (Index i = 0; i < data.targets.rows(); ++i) sum += double{data.targets(i, k)};
    const double mean = sum / samples;
    double squares = 0;
    for (Index i = 0; i < data.targets.rows(); ++i) {
      const double distance = double{data.targets(i, k)} - mean;
      squares += distance * distance;
    }
    const auto deviation = static_cast<float>(std::sqrt(squares / samples));
    if (deviation >= std::numeric_limits<float>::min()) scaling.factor[k] = deviation;
    scaling.offset[k] = static_cast<float>(mean);
  }
  return scaling;
}

TargetScaling identity_target_scaling(Index outputs) {
  return {Eigen::RowVectorXf::Ones(outputs), Eigen::RowVectorXf::Zero(outputs)};
}

Matrix scale(const TargetScaling& scaling, const Matrix& targets) {
  Matrix scaled(targets.rows(), targets.cols());
  for (Index i = 0; i < targets.rows(); ++i) {
    for (Index k = 0; k < targets.cols(); ++k) {
      scaled(i, k) = to_scaled(targets(i, k), scaling.offset[k], scaling.factor[k]);
    }
  }
  return scaled;
}

void fold(const TargetScaling& scaling, DenseLayer& last) {
  for (Index k = 0; k < last.bias.size(); ++k) {
    last.weights.row(k) *= scaling.factor[k];
    last.bias[k] = from_scaled(last.bias[k], scaling.offset[k], scaling.factor[k]);
  }
}

void unfold(const TargetScaling& scaling, DenseLayer& last) {
  for (Index k = 0; k < last.bias.size(); ++k) {
    last.weights.row(k) /= scaling.factor[k];
    last.bias[k] = to_scaled(last.bias[k], scaling.offset[k], scaling.factor[k]);
  }
}

}  // namespace pare::nn
