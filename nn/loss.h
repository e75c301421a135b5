#pragma once

#include "nn/dataset.h"
#include "nn/model.h"

namespace pare::nn {

/// A batch's rows in a larger matrix, or a whole matrix: no copy.
using MatrixRef = Eigen::Ref<Matrix>;
using ConstMatrixRef = Eigen::Ref<const Matrix>;

/// Mean over all elements of (outputs - targets)^2; writes d loss / d outputs into `gradient`.
/// All three are [samples, outputs].
double mse_loss(const ConstMatrixRef& outputs, const ConstMatrixRef& targets, MatrixRef gradient);

/// Mean over the samples of -sum_k targets_k log softmax(outputs)_k, for target probabilities that
/// sum to 1; writes softmax(outputs) - targets over the samples into `gradient`.
/// Source: Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 6.2.2.3.
double softmax_cross_entropy_loss(const ConstMatrixRef& outputs, const ConstMatrixRef& targets,
                                  MatrixRef gradient);

/// The loss that fits the task: MSE, or softmax cross-entropy.
double loss(Task task, const ConstMatrixRef& outputs, const ConstMatrixRef& targets,
            MatrixRef gradient);

/// Row by row exp(outputs) / sum exp(outputs), for outputs [samples, classes].
Matrix softmax(const Matrix& outputs);

}  // namespace pare::nn
