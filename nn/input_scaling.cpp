#include "nn/input_scaling.h"

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

void fold(const InputScaling& scaling, DenseLayer& first) {
  first.bias += first.weights * scaling.offset.transpose();
  first.weights.array().rowwise() *= scaling.factor.array();
}

void unfold(const InputScaling& scaling, DenseLayer& first) {
  first.weights.array().rowwise() /= scaling.factor.array();
  first.bias -= first.weights * scaling.offset.transpose();
}

}  // namespace pare::nn
