#pragma once

#include "nn/loss.h"
#include "nn/model.h"

namespace pare::nn {

/// Floats in the widest vector register there is. The operands of `multiply` have rows of whole
/// such vectors, the columns beyond their own being 0.
inline constexpr Index kLanes = 16;

/// `count` rounded up to whole vectors.
constexpr Index whole_lanes(Index count) { return (count + kLanes - 1) / kLanes * kLanes; }

/// Columns to store for a matrix of `count` columns: whole vectors, and never a distance between
/// rows that maps many of them to the same few sets of a cache.
Index padded_columns(Index count);

/// `matrix` with columns of 0 up to `padded_columns`.
Matrix pad(const Matrix& matrix);

/// c = a b + start in every row, for a [m, k], b [k, n], c [m, n] and start [n], or null for 0. An
/// element of c is start + a_0 b_0 + a_1 b_1 ... in that order, one chain of fused multiply-adds
/// (nn/fused.h), so that it depends on nothing but its own operands: not on the width of a vector,
/// nor on which rows are computed with it. What is 0 in `a` costs
/// nothing where n is large: half of the pixels and activations that training sees are 0.
/// n and the distances between rows are multiples of kLanes, all rows begin at multiples of 64
/// bytes, and a's rows hold 0 from k to whole_lanes(k).
void multiply(const ConstMatrixRef& a, const ConstMatrixRef& b, const float* start, MatrixRef c);

/// a b + start in every row, for a [m, k], b [k, n] and start [n] as they are: what `multiply`
/// makes of copies that are padded.
Matrix product(const Matrix& a, const Matrix& b, const Vector& start);

/// to = from transposed, for from [m, n] and to [n, m].
void transpose(const ConstMatrixRef& from, MatrixRef to);

}  // namespace pare::nn
