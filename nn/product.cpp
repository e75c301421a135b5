#include "nn/product.h"

#if defined(__AVX__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <cstring>

#include "nn/fused.h"

namespace pare::nn {
namespace {

// A panel is as many columns as there are registers for their sums; with a block of the rows of b
// that lie in it, it stays in the first-level cache while all rows of a pass by.
#if defined(__AVX512F__)
constexpr Index kWidth = 16;  // floats in a register
constexpr int kRegisters = 7;
#elif defined(__AVX__)
constexpr Index kWidth = 8;
constexpr int kRegisters = 12;
#else
constexpr Index kWidth = 4;
constexpr int kRegisters = 12;
#endif
constexpr Index kBlock = 64;  // rows of b: the bits of a mask
constexpr int kTile = 8;      // rows of a that a narrow product takes at once

using Floats [[gnu::vector_size(4 * kWidth)]] = float;

Floats load(const float* from) {
  Floats values;
  std::memcpy(&values, from, sizeof values);
  return values;
}

void store(float* to, Floats values) { std::memcpy(to, &values, sizeof values); }

/// Bit i says that a[i] is not 0, for kLanes numbers.
std::uint64_t nonzero_lanes(const float* a) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask(_mm512_loadu_ps(a), _mm512_setzero_ps(), _CMP_NEQ_UQ);
#elif defined(__AVX__)
  const auto bits = [](const float* from) {
    const __m256 differs = _mm256_cmp_ps(_mm256_loadu_ps(from), _mm256_setzero_ps(), _CMP_NEQ_UQ);
    return static_cast<std::uint64_t>(_mm256_movemask_ps(differs));
  };
  return bits(a) | bits(a + 8) << 8;
#else
  std::uint64_t bits = 0;
  for (int i = 0; i < kLanes; ++i) bits |= std::uint64_t{a[i] != 0} << i;
  return bits;
#endif
}

/// The same for `count` of them, at most kBlock, and the zeros after them.
std::uint64_t nonzeros(const float* a, Index count) {
  std::uint64_t bits = 0;
  for (Index i = 0; i < count; i += kLanes) bits |= nonzero_lanes(a + i) << i;
  return bits;
}

/// Matrices by their first element and the distance of their rows.
struct Operands {
  const float* a;
  Index a_stride;
  const float* b;
  Index b_stride;
  const float* start;
  float* c;
  Index c_stride;
  Index rows;   // of a and c
  Index depth;  // columns of a, rows of b
};

/// The columns of c in `width` registers, without what is 0 in a.
template <int width>
void multiply_panel(const Operands& o) {
  for (Index first = 0; first < o.depth; first += kBlock) {
    const Index count = std::min(kBlock, o.depth - first);
    const float* const b = o.b + first * o.b_stride;
    for (Index i = 0; i < o.rows; ++i) {
      const float* const a = o.a + i * o.a_stride + first;
      float* const c = o.c + i * o.c_stride;
      const float* const before = first == 0 ? o.start : c;
      Floats sums[std::size_t{width}] = {};
      if (before != nullptr) {
        for (int v = 0; v < width; ++v) sums[v] = load(before + v * kWidth);
      }
      for (std::uint64_t bits = nonzeros(a, count); bits != 0; bits &= bits - 1) {
        const int k = std::countr_zero(bits);
        const float* const row = b + k * o.b_stride;
        for (int v = 0; v < width; ++v) {
          fused_multiply_add(sums[v], a[k], load(row + v * kWidth));
        }
      }
      for (int v = 0; v < width; ++v) store(c + v * kWidth, sums[v]);
    }
  }
}

/// The columns of c in one register, `tile` rows at once: too few columns to hide what skipping
/// costs.
template <int tile>
void multiply_tile(const Operands& o, Index first) {
  const float* const a = o.a + first * o.a_stride;
  Floats sums[std::size_t{tile}];
  for (Floats& sum : sums) sum = o.start != nullptr ? load(o.start) : Floats{};
  for (Index k = 0; k < o.depth; ++k) {
    const Floats b = load(o.b + k * o.b_stride);
    for (int i = 0; i < tile; ++i) {
      fused_multiply_add(sums[i], a[i * o.a_stride + k], b);
    }
  }
  for (int i = 0; i < tile; ++i) store(o.c + (first + i) * o.c_stride, sums[i]);
}

void multiply_narrow(const Operands& o) {
  Index i = 0;
  for (; i + kTile <= o.rows; i += kTile) multiply_tile<kTile>(o, i);
  for (; i < o.rows; ++i) multiply_tile<1>(o, i);
}

template <int width = kRegisters>
void multiply_panel(int registers, const Operands& operands) {
  if constexpr (width > 1) {
    if (registers < width) return multiply_panel<width - 1>(registers, operands);
  }
  multiply_panel<width>(operands);
}

}  // namespace

Index padded_columns(Index count) {
  const Index vectors = whole_lanes(count) / kLanes;
  return (vectors % 8 == 0 ? vectors + 1 : vectors) * kLanes;
}

Matrix pad(const Matrix& matrix) {
  Matrix padded = Matrix::Zero(matrix.rows(), padded_columns(matrix.cols()));
  padded.leftCols(matrix.cols()) = matrix;
  return padded;
}

void multiply(const ConstMatrixRef& a, const ConstMatrixRef& b, const float* start, MatrixRef c) {
  Operands operands{a.data(), a.outerStride(), b.data(), b.outerStride(), start,
                    c.data(), c.outerStride(), a.rows(), a.cols()};
  const auto total = static_cast<int>(c.cols() / kWidth);
  const bool narrow = c.cols() <= 2 * kLanes;
  const int panels = narrow ? total : (total + kRegisters - 1) / kRegisters;
  for (int panel = 0, done = 0; panel < panels; ++panel) {
    const int registers = (total - done) / (panels - panel);
    if (narrow) {
      multiply_narrow(operands);
    } else {
      multiply_panel(registers, operands);
    }
    done += registers;
    operands.b += registers * kWidth;
    operands.c += registers * kWidth;
    if (start != nullptr) operands.start += registers * kWidth;
  }
}

Matrix product(const Matrix& a, const Matrix& b, const Vector& start) {
  constexpr Index kRows = 256;  // of a that are padded at a time
  const Index columns = whole_lanes(b.cols());
  const Matrix padded_b = pad(b);
  const Matrix padded_start = pad(start.transpose());
  Matrix c(a.rows(), b.cols());
  Matrix padded_c(kRows, padded_columns(b.cols()));
  for (Index first = 0; first < a.rows(); first += kRows) {
    const Index rows = std::min(kRows, a.rows() - first);
    const Matrix padded_a = pad(a.middleRows(first, rows));
    multiply(padded_a.leftCols(a.cols()), padded_b.leftCols(columns), padded_start.data(),
             padded_c.topLeftCorner(rows, columns));
    c.middleRows(first, rows) = padded_c.topLeftCorner(rows, b.cols());
  }
  return c;
}

void transpose(const ConstMatrixRef& from, MatrixRef to) {
  using Packet = Eigen::internal::packet_traits<float>::type;
  constexpr Index kEdge = Eigen::internal::packet_traits<float>::size;
  const Index rows = from.rows() - from.rows() % kEdge;
  const Index columns = from.cols() - from.cols() % kEdge;
  for (Index row = 0; row < rows; row += kEdge) {
    for (Index column = 0; column < columns; column += kEdge) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-attributes"  // of the register's type: alignment
      Eigen::internal::PacketBlock<Packet, kEdge> square;
#pragma GCC diagnostic pop
      for (Index i = 0; i < kEdge; ++i) {
        square.packet[i] = Eigen::internal::ploadu<Packet>(from.row(row + i).data() + column);
      }
      Eigen::internal::ptranspose(square);
      for (Index i = 0; i < kEdge; ++i) {
        Eigen::internal::pstoreu(to.row(column + i).data() + row, square.packet[i]);
      }
    }
  }
  to.rightCols(from.rows() - rows) = from.bottomRows(from.rows() - rows).transpose();
  to.bottomRows(from.cols() - columns) = from.rightCols(from.cols() - columns).transpose();
}

}  // namespace pare::nn
