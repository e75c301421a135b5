#include "nn/loss.h"

#include <cmath>

namespace pare::nn {

double mse_loss(const ConstMatrixRef& outputs, const ConstMatrixRef& targets, MatrixRef gradient) {
  const auto count = static_cast<float>(outputs.size());
  gradient = outputs - targets;
  const double loss = static_cast<double>(gradient.squaredNorm() / count);
  gradient *= 2 / count;
  return loss;
}

double softmax_cross_entropy_loss(const ConstMatrixRef& outputs, const ConstMatrixRef& targets,
                                  MatrixRef gradient) {
  const auto samples = static_cast<float>(outputs.rows());
  double loss = 0;
  for (Index i = 0; i < outputs.rows(); ++i) {
    const float top = outputs.row(i).maxCoeff();
    gradient.row(i) = (outputs.row(i).array() - top).exp();
    const float sum = gradient.row(i).sum();
    const float log_sum = top + std::log(sum);
    loss +=
        static_cast<double>(log_sum * targets.row(i).sum() - targets.row(i).dot(outputs.row(i)));
    gradient.row(i) = (gradient.row(i) / sum - targets.row(i)) / samples;
  }
  return loss / static_cast<double>(samples);
}

double loss(Task task, const ConstMatrixRef& outputs, const ConstMatrixRef& targets,
            MatrixRef gradient) {
  return task == Task::classification ? softmax_cross_entropy_loss(outputs, targets, gradient)
                                      : mse_loss(outputs, targets, gradient);
}

Matrix softmax(const Matrix& outputs) {
  Matrix result = (outputs.colwise() - outputs.rowwise().maxCoeff()).array().exp().matrix();
  const Vector sums = result.rowwise().sum();
  result.array().colwise() /= sums.array();
  return result;
}

}  // namespace pare::nn
