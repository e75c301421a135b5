#include "compress/linear_algebra.h"

#if defined(__FMA__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "nn/elementary.h"
#include "nn/sums.h"

namespace pare::compress {
namespace {

using nn::dot;
using nn::fused;
using nn::Index;

// Doubles in a register, and the tile of c whose sums stay in registers.
#if defined(__AVX512F__)
using Doubles = __m512d;
constexpr Index kTileRows = 8;
Doubles all(double x) { return _mm512_set1_pd(x); }
Doubles fused(Doubles a, Doubles b, Doubles c) { return _mm512_fmadd_pd(a, b, c); }
#elif defined(__FMA__)
using Doubles = __m256d;
constexpr Index kTileRows = 4;
Doubles all(double x) { return _mm256_set1_pd(x); }
Doubles fused(Doubles a, Doubles b, Doubles c) { return _mm256_fmadd_pd(a, b, c); }
#else
using Doubles [[gnu::vector_size(16)]] = double;
constexpr Index kTileRows = 4;
Doubles all(double x) { return Doubles{x, x}; }
Doubles fused(Doubles a, Doubles b, Doubles c) { return a * b + c; }
#endif
constexpr Index kWidth = sizeof(Doubles) / sizeof(double);
constexpr Index kVectors = 3;
constexpr Index kTileColumns = kVectors * kWidth;
constexpr Index kDepth = 256;  // rows of b that a panel holds

Doubles load(const double* from) {
  Doubles values;
  std::memcpy(&values, from, sizeof values);
  return values;
}

void store(double* to, Doubles values) { std::memcpy(to, &values, sizeof values); }

/// c [kTileRows, kTileColumns] += a panel, for a [kTileRows, depth], by columns; `stride` is from
/// one row of c to the next.
void add_tile(const double* a, const double* panel, Index depth, double* c, Index stride) {
  Doubles sums[kTileRows][kVectors];
#pragma GCC unroll 8
  for (Index i = 0; i < kTileRows; ++i) {
#pragma GCC unroll 8
    for (Index v = 0; v < kVectors; ++v) sums[i][v] = load(c + i * stride + v * kWidth);
  }
  for (Index k = 0; k < depth; ++k) {
    Doubles b[kVectors];
#pragma GCC unroll 8
    for (Index v = 0; v < kVectors; ++v) b[v] = load(panel + k * kTileColumns + v * kWidth);
#pragma GCC unroll 8
    for (Index i = 0; i < kTileRows; ++i) {
      const Doubles x = all(a[k * kTileRows + i]);
#pragma GCC unroll 8
      for (Index v = 0; v < kVectors; ++v) sums[i][v] = fused(x, b[v], sums[i][v]);
    }
  }
#pragma GCC unroll 8
  for (Index i = 0; i < kTileRows; ++i) {
#pragma GCC unroll 8
    for (Index v = 0; v < kVectors; ++v) store(c + i * stride + v * kWidth, sums[i][v]);
  }
}

/// The same for a c that may have fewer rows and columns.
void add_tile(const double* a, const double* panel, Index depth, DoubleRef c) {
  if (c.rows() == kTileRows && c.cols() == kTileColumns) {
    return add_tile(a, panel, depth, c.data(), c.outerStride());
  }
  double whole[kTileRows * kTileColumns] = {};
  Eigen::Map<DoubleMatrix> part(whole, kTileRows, kTileColumns);
  part.topLeftCorner(c.rows(), c.cols()) = c;
  add_tile(a, panel, depth, whole, kTileColumns);
  c = part.topLeftCorner(c.rows(), c.cols());
}

/// to += factor * from, element by element.
void add_multiple(double factor, const double* from, double* to, Index count) {
  for (Index i = 0; i < count; ++i) to[i] = fused(factor, from[i], to[i]);
}

constexpr Index kBlock = 48;  // rows of a factor at a time

}  // namespace

void add_product(double factor, const ConstDoubleRef& a, const ConstDoubleRef& b, DoubleRef c) {
  const Index most = std::min(kDepth, a.cols());
  const Index tiles = (a.rows() + kTileRows - 1) / kTileRows;
  std::vector<double> packed(static_cast<std::size_t>(tiles * kTileRows * most));
  std::vector<double> panel(static_cast<std::size_t>(kTileColumns * most));
  for (Index first = 0; first < a.cols(); first += kDepth) {
    const Index depth = std::min(kDepth, a.cols() - first);
    for (Index i = 0; i < a.rows(); ++i) {
      const double* const from = a.row(i).data() + first;
      double* const to = packed.data() + i / kTileRows * kTileRows * depth + i % kTileRows;
      for (Index k = 0; k < depth; ++k) to[k * kTileRows] = factor * from[k];
    }
    for (Index column = 0; column < c.cols(); column += kTileColumns) {
      const Index columns = std::min(kTileColumns, c.cols() - column);
      for (Index k = 0; k < depth; ++k) {
        std::copy_n(b.row(first + k).data() + column, columns, panel.data() + k * kTileColumns);
      }
      for (Index row = 0; row < a.rows(); row += kTileRows) {
        const Index rows = std::min(kTileRows, a.rows() - row);
        add_tile(packed.data() + row * depth, panel.data(), depth,
                 c.block(row, column, rows, columns));
      }
    }
  }
}

DoubleMatrix product(const ConstDoubleRef& a, const ConstDoubleRef& b) {
  DoubleMatrix c = DoubleMatrix::Zero(a.rows(), b.cols());
  add_product(1, a, b, c);
  return c;
}

double mean_diagonal(const DoubleMatrix& matrix, Index count) {
  double sum = 0;
  for (Index i = 0; i < count; ++i) sum += matrix(i, i);
  return sum / static_cast<double>(count);
}

DoubleMatrix cholesky(DoubleMatrix a) {
  const Index n = a.rows();
  for (Index begin = 0; begin < n; begin += kBlock) {
    const Index end = std::min(n, begin + kBlock);
    for (Index k = begin; k < end; ++k) {
      double* const pivot_row = a.row(k).data();
      std::fill(pivot_row, pivot_row + k, 0.0);
      const double pivot = std::sqrt(pivot_row[k]);
      for (Index j = k; j < n; ++j) pivot_row[j] /= pivot;
      for (Index i = k + 1; i < end; ++i) {
        add_multiple(-pivot_row[i], pivot_row + i, a.row(i).data() + i, n - i);
      }
    }
    for (Index row = end; row < n; row += kBlock) {
      const Index rows = std::min(kBlock, n - row);
      add_product(-1, a.block(begin, row, end - begin, rows).transpose(),
                  a.block(begin, row, end - begin, n - row), a.block(row, row, rows, n - row));
    }
  }
  return a;
}

DoubleMatrix solve(const DoubleMatrix& factor, DoubleMatrix b) {
  const Index n = factor.rows();
  const Index columns = b.cols();
  const auto divide = [&](Index row) {
    for (Index j = 0; j < columns; ++j) b(row, j) /= factor(row, row);
  };
  for (Index begin = 0; begin < n; begin += kBlock) {  // U^T y = b
    const Index end = std::min(n, begin + kBlock);
    add_product(-1, factor.block(0, begin, begin, end - begin).transpose(), b.topRows(begin),
                b.middleRows(begin, end - begin));
    for (Index k = begin; k < end; ++k) {
      divide(k);
      for (Index i = k + 1; i < end; ++i) {
        add_multiple(-factor(k, i), b.row(k).data(), b.row(i).data(), columns);
      }
    }
  }
  for (Index end = n; end > 0;) {  // U x = y
    const Index begin = (end - 1) / kBlock * kBlock;
    add_product(-1, factor.block(begin, end, end - begin, n - end), b.bottomRows(n - end),
                b.middleRows(begin, end - begin));
    for (Index k = end; k-- > begin;) {
      divide(k);
      for (Index i = begin; i < k; ++i) {
        add_multiple(-factor(i, k), b.row(k).data(), b.row(i).data(), columns);
      }
    }
    end = begin;
  }
  return b;
}

namespace {

/// Turns rows p and q of `rows` in their plane so that they become orthogonal; false if they are.
bool rotate(DoubleMatrix& rows, Index p, Index q, Eigen::VectorXd& squares) {
  constexpr double kTolerance = 1e-13;  // of the cosine of their angle
  const Index count = rows.cols();
  double* const a = rows.row(p).data();
  double* const b = rows.row(q).data();
  const double between = dot(a, b, count);
  if (!(std::abs(between) > kTolerance * std::sqrt(squares[p] * squares[q]))) return false;
  const double zeta = (squares[q] - squares[p]) / (2 * between);
  const double tangent = std::copysign(1 / (std::abs(zeta) + std::sqrt(1 + zeta * zeta)), zeta);
  const double cosine = 1 / std::sqrt(1 + tangent * tangent);
  const double sine = cosine * tangent;
  for (Index i = 0; i < count; ++i) {
    const double x = a[i];
    const double y = b[i];
    a[i] = cosine * x - sine * y;
    b[i] = sine * x + cosine * y;
  }
  squares[p] = dot(a, a, count);
  squares[q] = dot(b, b, count);
  return true;
}

/// Rotates rows until they are orthogonal to each other; gives them longest first.
DoubleMatrix orthogonalize(DoubleMatrix rows) {
  constexpr int kMostSweeps = 60;
  const Index count = rows.rows();
  Eigen::VectorXd squares(count);
  for (Index i = 0; i < count; ++i) {
    squares[i] = dot(rows.row(i).data(), rows.row(i).data(), rows.cols());
  }
  bool turned = true;
  for (int sweep = 0; sweep < kMostSweeps && turned; ++sweep) {
    turned = false;
    for (Index p = 0; p < count; ++p) {
      for (Index q = p + 1; q < count; ++q) turned = rotate(rows, p, q, squares) || turned;
    }
  }
  std::vector<Index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](Index i, Index j) { return squares[i] > squares[j]; });
  return rows(order, Eigen::all);
}

Eigen::VectorXd lengths(const DoubleMatrix& rows) {
  Eigen::VectorXd result(rows.rows());
  for (Index i = 0; i < rows.rows(); ++i) {
    result[i] = std::sqrt(dot(rows.row(i).data(), rows.row(i).data(), rows.cols()));
  }
  return result;
}

/// Divides each row by its length; one of length 0 stays.
void normalize(DoubleMatrix& rows) {
  const Eigen::VectorXd by = lengths(rows);
  for (Index i = 0; i < rows.rows(); ++i) {
    if (by[i] > 0) rows.row(i) /= by[i];
  }
}

}  // namespace

SingularValues decompose(const DoubleMatrix& matrix) {
  if (matrix.rows() <= matrix.cols()) {
    DoubleMatrix right = orthogonalize(matrix);
    Eigen::VectorXd values = lengths(right);
    normalize(right);
    DoubleMatrix left = product(matrix, right.transpose());
    return {std::move(left), std::move(right), std::move(values)};
  }
  const DoubleMatrix left = orthogonalize(matrix.transpose());
  DoubleMatrix right = product(left, matrix);
  normalize(right);
  return {left.transpose(), std::move(right), lengths(left)};
}

}  // namespace pare::compress
