#include "nn/loss.h"

#include "nn/elementary.h"

namespace pare::nn {
namespace {

/// What the softmax of a row divides by: e^(output - top), summed in order.
struct Softmax {
  float top;  // the greatest output
  float sum;
};

/// Writes e^(output - top) of each of `outputs` [1, classes].
Softmax exponentials(const ConstMatrixRef& outputs, MatrixRef values) {
  const float* const from = outputs.data();
  float* const to = values.data();
  Softmax result{outputs.maxCoeff(), 0};
  for (Index j = 0; j < outputs.cols(); ++j) to[j] = elementary::exp(from[j] - result.top);
  for (Index j = 0; j < outputs.cols(); ++j) result.sum += to[j];
  return result;
}

}  // namespace

double mse_loss(const ConstMatrixRef& outputs, const ConstMatrixRef& targets, MatrixRef gradient) {
  const auto count = static_cast<float>(outputs.size());
  double sum = 0;
  for (Index i = 0; i < outputs.rows(); ++i) {
    for (Index j = 0; j < outputs.cols(); ++j) {
      const float error = outputs(i, j) - targets(i, j);
      sum += double{error} * double{error};
      gradient(i, j) = error * (2 / count);
    }
  }
  return sum / double{count};
}

double softmax_cross_entropy_loss(const ConstMatrixRef& outputs, const ConstMatrixRef& targets,
                                  MatrixRef gradient) {
  const auto samples = static_cast<float>(outputs.rows());
  double loss = 0;
  for (Index i = 0; i < outputs.rows(); ++i) {
    const Softmax terms = exponentials(outputs.row(i), gradient.row(i));
    const double log_sum = double{terms.top} + elementary::log(double{terms.sum});
    for (Index j = 0; j < outputs.cols(); ++j) {
      loss += double{targets(i, j)} * (log_sum - double{outputs(i, j)});
      gradient(i, j) = (gradient(i, j) / terms.sum - targets(i, j)) / samples;
    }
  }
  return loss / double{samples};
}

double loss(Task task, const ConstMatrixRef& outputs, const ConstMatrixRef& targets,
            MatrixRef gradient) {
  return task == Task::classification ? softmax_cross_entropy_loss(outputs, targets, gradient)
                                      : mse_loss(outputs, targets, gradient);
}

Matrix softmax(const Matrix& outputs) {
  Matrix result(outputs.rows(), outputs.cols());
  for (Index i = 0; i < outputs.rows(); ++i) {
    result.row(i) /= exponentials(outputs.row(i), result.row(i)).sum;
  }
  return result;
}

}  // namespace pare::nn
