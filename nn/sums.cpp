#include "nn/sums.h"

#include "nn/fused.h"

namespace pare::nn {
namespace {

/// kChains sums side by side, which compilers vectorize, then those by halves.
template <class Number>
double sum_of_products(const Number* a, const Number* b, Index count) {
  constexpr Index kChains = 16;
  double sums[kChains] = {};
  const auto add = [&](Index j, Index i) {
    sums[j] = fused(static_cast<double>(a[i]), static_cast<double>(b[i]), sums[j]);
  };
  Index i = 0;
  for (; i + kChains <= count; i += kChains) {
    for (Index j = 0; j < kChains; ++j) add(j, i + j);
  }
  for (Index j = 0; i < count; ++i, ++j) add(j, i);
  for (Index half = kChains / 2; half > 0; half /= 2) {
    for (Index j = 0; j < half; ++j) sums[j] += sums[j + half];
  }
  return sums[0];
}

}  // namespace

double dot(const float* a, const float* b, Index count) { return sum_of_products(a, b, count); }

double dot(const double* a, const double* b, Index count) { return sum_of_products(a, b, count); }

Eigen::VectorXd column_means(const Matrix& values) {
  Eigen::VectorXd means = Eigen::VectorXd::Zero(values.cols());
  for (Index i = 0; i < values.rows(); ++i) means += values.row(i).transpose().cast<double>();
  return means / static_cast<double>(values.rows());
}

}  // namespace pare::nn
