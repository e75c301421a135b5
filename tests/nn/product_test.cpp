#include "nn/product.h"

#include <doctest/doctest.h>

#include "tests/helpers.h"

using namespace pare::nn;
using pare::tests::random_matrix;

namespace {

/// A random matrix, padded, of which about every second element is 0.
Matrix half_zeros(Index rows, Index columns, std::uint64_t seed) {
  return pad(random_matrix(rows, columns, seed).cwiseMax(0));
}

/// a b + start, element by element in double.
Matrix slow_product(const Matrix& a, const Matrix& b, const Matrix& start) {
  const Eigen::MatrixXd sums =
      a.cast<double>() * b.cast<double>() + start.cast<double>().replicate(a.rows(), 1);
  return sums.cast<float>();
}

}  // namespace

TEST_CASE("the product is the slow one, whatever its sizes and its zeros") {
  for (const Index depth : {1, 15, 64, 65, 200}) {
    for (const Index columns : {1, 16, 17, 40, 112, 113, 300}) {
      const Index rows = 21;
      CAPTURE(depth);
      CAPTURE(columns);
      const Index whole = whole_lanes(columns);
      const Matrix a = half_zeros(rows, depth, 1);
      const Matrix b = pad(random_matrix(depth, columns, 2));
      const Matrix start = pad(random_matrix(1, columns, 3));
      const auto exact = [&](const Matrix& from) {
        return slow_product(a.leftCols(depth), b.leftCols(whole), from.leftCols(whole));
      };
      Matrix c = Matrix::Constant(rows, padded_columns(columns), 7);
      multiply(a.leftCols(depth), b.leftCols(whole), start.data(), c.leftCols(whole));
      CHECK((c.leftCols(whole) - exact(start)).cwiseAbs().maxCoeff() < 1e-5F);
      multiply(a.leftCols(depth), b.leftCols(whole), nullptr, c.leftCols(whole));
      CHECK((c.leftCols(whole) - exact(Matrix::Zero(1, whole))).cwiseAbs().maxCoeff() < 1e-5F);
      CHECK((c.rightCols(c.cols() - whole).array() == 7).all());
    }
  }
}

TEST_CASE("a row of the product has the same bytes whichever rows are computed with it") {
  for (const Index columns : {16, 112}) {
    const Matrix a = half_zeros(19, 70, 4);
    const Matrix b = pad(random_matrix(70, columns, 5));
    Matrix together(19, columns);
    multiply(a.leftCols(70), b.leftCols(columns), nullptr, together);
    for (Index row = 0; row < 19; ++row) {
      Matrix alone(1, columns);
      multiply(a.block(row, 0, 1, 70), b.leftCols(columns), nullptr, alone);
      CHECK(alone == together.row(row));
    }
  }
}

TEST_CASE("transpose swaps rows and columns, of every size") {
  for (const Index rows : {1, 15, 16, 37}) {
    for (const Index columns : {1, 16, 20, 48}) {
      const Matrix from = random_matrix(rows, columns, 6);
      Matrix to(columns, rows);
      transpose(from, to);
      CHECK(to == from.transpose());
    }
  }
}

TEST_CASE("rows are padded to whole vectors, and never so that they fall on the same cache sets") {
  CHECK(padded_columns(1) == 16);
  CHECK(padded_columns(300) == 304);
  CHECK(padded_columns(1024) == 1040);
  const Matrix padded = pad(Matrix{{1, 2}, {3, 4}});
  CHECK(padded.leftCols(2) == Matrix{{1, 2}, {3, 4}});
  CHECK((padded.rightCols(14).array() == 0).all());
}
