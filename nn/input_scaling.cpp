#include "nn/input_scaling.h"

#include "nn/sums.h"

namespace pare::nn {

InputScaling fit_input_scaling(const Dataset& data) {
  InputScaling scaling = identity_scaling(data.inputs.cols());
  const bool image = data.image.height > 0;
  const float lowest = data.inputs.minCoeff();
  const float highest = data.inputs.maxCoeff();
  for (Index i = 0; i < data.inputs.cols(); ++i) {
    const float low = image ? lowest : data.inputs.col(i).minCoeff();
    const float high = image ? highest : data.inputs.col(i).maxCoeff();
    if (high > low) scaling.factor[i] = 2 / (high - low);
    scaling.offset[i] = -scaling.factor[i] * (low + high) / 2;
  }
  return scaling;
}

InputScaling identity_scaling(Index features) {
  return {Eigen::RowVectorXf::Ones(features), Eigen::RowVectorXf::Zero(features)};
}

Matrix scale(const InputScaling& scaling, const Matrix& inputs) {
  Matrix scaled = inputs.array().rowwise() * scaling.factor.array();
  scaled.rowwise() += scaling.offset;
  return scaled;
}

namespace {

/// bias += sign * weights offset.
void add_offset(float sign, const InputScaling& scaling, DenseLayer& first) {
  for (Index i = 0; i < first.weights.rows(); ++i) {
    const double sum =
        dot(first.weights.row(i).data(), scaling.offset.data(), first.weights.cols());
    first.bias[i] += sign * static_cast<float>(sum);
  }
}

}  // namespace

void fold(const InputScaling& scaling, DenseLayer& first) {
  add_offset(1, scaling, first);
  first.weights.array().rowwise() *= scaling.factor.array();
}

void unfold(const InputScaling& scaling, DenseLayer& first) {
  first.weights.array().rowwise() /= scaling.factor.array();
  add_offset(-1, scaling, first);
}

}  // namespace pare::nn
