#include "nn/sums.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/helpers.h"

using namespace pare::nn;
using pare::tests::random_matrix;

namespace {

/// The order that the header promises not to change: 16 chains, then halves.
double slow_dot(const Vector& a, const Vector& b) {
  std::vector<double> sums(16, 0.0);
  for (Index i = 0; i < a.size(); ++i) {
    double& sum = sums[static_cast<std::size_t>(i % 16)];
#if defined(__FP_FAST_FMA)
    sum = std::fma(double{a[i]}, double{b[i]}, sum);
#else
    sum += double{a[i]} * double{b[i]};
#endif
  }
  for (std::size_t half = 8; half > 0; half /= 2) {
    for (std::size_t j = 0; j < half; ++j) sums[j] += sums[j + half];
  }
  return sums[0];
}

}  // namespace

TEST_CASE("a dot product has the bytes of its definition, whatever its length") {
  for (const Index count : {0, 1, 7, 15, 16, 17, 100, 784}) {
    CAPTURE(count);
    const Vector a = random_matrix(1, count, 1).transpose();
    const Vector b = random_matrix(1, count, 2).transpose();
    const Eigen::VectorXd wide_a = a.cast<double>();
    const Eigen::VectorXd wide_b = b.cast<double>();
    CHECK(dot(a.data(), b.data(), count) == slow_dot(a, b));
    CHECK(dot(wide_a.data(), wide_b.data(), count) == slow_dot(a, b));
  }
}

TEST_CASE("the means of columns") {
  CHECK(column_means(Matrix{{1, 2}, {3, 6}, {8, -2}}) == Eigen::Vector2d(4, 2));
}
