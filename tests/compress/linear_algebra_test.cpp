#include "compress/linear_algebra.h"

#include <doctest/doctest.h>

#include <cmath>

#include "nn/elementary.h"
#include "tests/helpers.h"

using namespace pare::compress;
using pare::nn::Index;

namespace {

DoubleMatrix random_double(Index rows, Index columns, std::uint64_t seed) {
  return pare::tests::random_matrix(rows, columns, seed).cast<double>();
}

/// Symmetric and positive definite.
DoubleMatrix random_hessian(Index count) {
  const DoubleMatrix x = random_double(2 * count, count, 1);
  return product(x.transpose(), x) + 0.1 * DoubleMatrix::Identity(count, count);
}

double largest(const DoubleMatrix& matrix) { return matrix.cwiseAbs().maxCoeff(); }

}  // namespace

TEST_CASE("each element of a product is one chain of fused multiply-adds, whatever the sizes") {
  for (const Index rows : {1, 7, 8, 21}) {
    for (const Index depth : {1, 255, 256, 300}) {
      for (const Index columns : {1, 12, 24, 29}) {
        CAPTURE(rows);
        CAPTURE(depth);
        CAPTURE(columns);
        const DoubleMatrix a = random_double(rows, depth, 1);
        const DoubleMatrix b = random_double(depth, columns, 2);
        const DoubleMatrix start = random_double(rows, columns, 3);
        DoubleMatrix sum = start;
        add_product(1, a, b, sum);
        DoubleMatrix difference = start;
        add_product(-1, a, b, difference);
        DoubleMatrix slow_sum = start;
        DoubleMatrix slow_difference = start;
        for (Index i = 0; i < rows; ++i) {
          for (Index j = 0; j < columns; ++j) {
            for (Index k = 0; k < depth; ++k) {
              slow_sum(i, j) = pare::nn::fused(a(i, k), b(k, j), slow_sum(i, j));
              slow_difference(i, j) = pare::nn::fused(-a(i, k), b(k, j), slow_difference(i, j));
            }
          }
        }
        CHECK(sum == slow_sum);
        CHECK(difference == slow_difference);
      }
    }
  }
}

TEST_CASE("the Cholesky factor is upper triangular and gives its matrix back") {
  for (const Index count : {1, 5, 47, 48, 49, 130}) {
    CAPTURE(count);
    const DoubleMatrix hessian = random_hessian(count);
    const DoubleMatrix factor = cholesky(hessian);
    CHECK(largest(product(factor.transpose(), factor) - hessian) < 1e-12);
    CHECK(largest(factor - DoubleMatrix(factor.triangularView<Eigen::Upper>())) == 0);
  }
}

TEST_CASE("solving with a Cholesky factor inverts its matrix") {
  for (const Index count : {1, 5, 47, 48, 49, 130}) {
    CAPTURE(count);
    const DoubleMatrix hessian = random_hessian(count);
    const DoubleMatrix factor = cholesky(hessian);
    const DoubleMatrix identity = DoubleMatrix::Identity(count, count);
    CHECK(largest(product(hessian, solve(factor, identity)) - identity) < 1e-12);
    const DoubleMatrix x = random_double(count, 3, 4);
    CHECK(largest(solve(factor, product(hessian, x)) - x) < 1e-12);
  }
}

TEST_CASE("the singular value decomposition rebuilds its matrix from orthogonal factors") {
  for (const auto& [rows, columns] :
       {std::pair{1, 1}, {1, 16}, {16, 1}, {10, 30}, {40, 25}, {60, 60}}) {
    CAPTURE(rows);
    CAPTURE(columns);
    const DoubleMatrix matrix = random_double(rows, columns, 5);
    const SingularValues found = decompose(matrix);
    const Index rank = std::min(rows, columns);
    REQUIRE(found.values.size() == rank);
    CHECK(largest(product(found.left, found.right) - matrix) < 1e-12);
    CHECK(largest(product(found.right, found.right.transpose()) -
                  DoubleMatrix::Identity(rank, rank)) < 1e-11);
    const DoubleMatrix squares = found.values.cwiseAbs2().asDiagonal();
    CHECK(largest(product(found.left.transpose(), found.left) - squares) < 1e-11);
    CHECK(std::is_sorted(found.values.begin(), found.values.end(), std::greater<>()));
  }
}

TEST_CASE("the singular values of a matrix of lower rank end in zeros, and it is still rebuilt") {
  DoubleMatrix matrix = product(random_double(12, 3, 6), random_double(3, 20, 7));
  matrix.row(4).setZero();
  for (const DoubleMatrix& of : {matrix, DoubleMatrix(matrix.transpose())}) {
    const SingularValues found = decompose(of);
    CHECK(found.values[2] > 0.1);
    CHECK(found.values.tail(9).maxCoeff() < 1e-12);
    CHECK(largest(product(found.left, found.right) - of) < 1e-12);
  }
  const SingularValues none = decompose(DoubleMatrix::Zero(3, 5));
  CHECK(largest(none.left) == 0);
  CHECK(none.values == Eigen::Vector3d::Zero());
}
