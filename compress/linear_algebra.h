#pragma once

#include <Eigen/Core>

#include "nn/model.h"

namespace pare::compress {

/// In double, row by row. Everything below takes its sums in an order that only the shapes say, so
/// that the processor shows in no byte: Eigen's own products and decompositions depend on the width
/// of its vectors and on the sizes of the caches.
using DoubleMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstDoubleRef = Eigen::Ref<const DoubleMatrix>;
using DoubleRef = Eigen::Ref<DoubleMatrix>;

/// c += factor a b, for a [m, k], b [k, n] and c [m, n]: each element one chain of fused
/// multiply-adds in the order of k. `factor` is 1 or -1, so that multiplying by it rounds nothing.
void add_product(double factor, const ConstDoubleRef& a, const ConstDoubleRef& b, DoubleRef c);

/// a b.
DoubleMatrix product(const ConstDoubleRef& a, const ConstDoubleRef& b);

/// The mean of the first `count` numbers of a diagonal.
double mean_diagonal(const DoubleMatrix& matrix, nn::Index count);

/// The upper triangular U with U^T U = `a`, for a symmetric, positive definite [n, n], of which the
/// upper triangle is read; below its diagonal U is 0. Source: Golub and Van Loan, "Matrix
/// Computations", 4th edition, section 4.2.5.
DoubleMatrix cholesky(DoubleMatrix a);

/// The x with U^T U x = `b`, for `factor` U [n, n] and b [n, columns].
DoubleMatrix solve(const DoubleMatrix& factor, DoubleMatrix b);

/// A matrix [m, n] as `left` [m, r] times `right` [r, n], r = min(m, n): the rows of `right` are
/// orthonormal (those of a singular value of 0 are 0), the columns of `left` orthogonal, with the
/// singular values as their lengths.
struct SingularValues {
  DoubleMatrix left;
  DoubleMatrix right;
  Eigen::VectorXd values;  ///< [r], descending
};

/// The singular value decomposition, by one-sided Jacobi rotations.
/// Source: Golub and Van Loan, 4th edition, section 8.6.3 (Hestenes 1958).
SingularValues decompose(const DoubleMatrix& matrix);

}  // namespace pare::compress
