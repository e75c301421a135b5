#pragma once

#include "nn/model.h"

namespace pare::nn {

/// The sum of a_i b_i over `count` numbers, in double. Its order depends on nothing but `count`,
/// where Eigen's sums depend on the width of its vectors.
double dot(const float* a, const float* b, Index count);
double dot(const double* a, const double* b, Index count);

/// The mean of each column of `values` [samples, columns], in double, summed sample by sample.
Eigen::VectorXd column_means(const Matrix& values);

}  // namespace pare::nn
