#include "nn/input_scaling.h"

namespace pare::nn {

InputScaling fit_input_scaling(const Matrix& inputs) {
  InputScaling scaling = identity_scaling(inputs.cols());
  for (Index i = 0; i < inputs.cols(); ++i) {
    const float low = inputs.col(i).minCoeff();
    const float high = inputs.col(i).maxCoeff();
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
