#include "compress/gptq.h"

#include <doctest/doctest.h>

#include <limits>

#include "compress/int8_layer.h"
#include "nn/quantization.h"
#include "tests/helpers.h"

using namespace pare;

namespace {

float error_of(const nn::Matrix& weights, const nn::Int8Matrix& rounded, const nn::Vector& scales,
               const nn::Matrix& inputs) {
  const nn::Matrix off = nn::dequantize_weights(rounded, scales) - weights;
  return (inputs * off.transpose()).squaredNorm();
}

/// The least error that any three ternary weights leave.
float least_error(const nn::Matrix& weights, const nn::Vector& scales, const nn::Matrix& inputs) {
  float least = std::numeric_limits<float>::infinity();
  for (int code = 0; code < 27; ++code) {
    nn::Int8Matrix tried(1, 3);
    tried << static_cast<std::int8_t>(code % 3 - 1), static_cast<std::int8_t>(code / 3 % 3 - 1),
        static_cast<std::int8_t>(code / 9 - 1);
    least = std::min(least, error_of(weights, tried, scales, inputs));
  }
  return least;
}

}  // namespace

TEST_CASE("the Hessian of inputs is their second moment, or their covariance") {
  const nn::Matrix inputs{{1, 2}, {3, 6}};
  CHECK(compress::input_hessian(inputs, false) == compress::DoubleMatrix{{5, 10}, {10, 20}});
  CHECK(compress::input_hessian(inputs, true) == compress::DoubleMatrix{{1, 2}, {2, 4}});
}

TEST_CASE("the Hessian of large inputs is as exact as that of small ones") {
  nn::Matrix inputs(10'000, 2);  // far from 0, and near to each other: float does not hold H
  for (nn::Index i = 0; i < inputs.rows(); ++i) {
    inputs(i, 0) = 4096 + static_cast<float>(i % 2);
    inputs(i, 1) = 4096 - static_cast<float>(i % 2);
  }
  CHECK(compress::input_hessian(inputs, false) ==
        compress::DoubleMatrix{{16'781'312.5, 16'777'215.5}, {16'777'215.5, 16'773'120.5}});
  CHECK(compress::input_hessian(inputs, true) ==
        compress::DoubleMatrix{{0.25, -0.25}, {-0.25, 0.25}});
}

TEST_CASE("gptq lets a weight make up for its twin, as computed by hand") {
  // Two inputs that are always equal: 0.4 + 0.4 is nearer to 0 + 1 than to 0 + 0.
  const compress::DoubleMatrix hessian = compress::DoubleMatrix::Ones(2, 2);
  const nn::Matrix weights{{0.4F, 0.4F}};
  CHECK(compress::round_gptq(weights, nn::Vector{{1}}, 4, hessian).cast<int>() ==
        Eigen::RowVector2i(0, 1));
  // Inputs that have nothing to do with each other: the nearest.
  CHECK(compress::round_gptq(weights, nn::Vector{{1}}, 4, compress::DoubleMatrix::Identity(2, 2))
            .cast<int>() == Eigen::RowVector2i(0, 0));
}

TEST_CASE("gptq is never worse than the nearest integers, and often as good as any") {
  int optimal = 0;
  int better = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const nn::Matrix weights = tests::random_matrix(1, 3, seed);
    const nn::Matrix mixing = tests::random_matrix(3, 3, seed + 1000);
    const nn::Matrix inputs = tests::random_matrix(20, 3, seed + 2000) * mixing;
    const nn::Vector scales{{0.6F}};
    const float nearest =
        error_of(weights, compress::round_nearest(weights, scales, 2), scales, inputs);
    const float found = error_of(
        weights, compress::round_gptq(weights, scales, 2, compress::input_hessian(inputs, false)),
        scales, inputs);
    const float least = least_error(weights, scales, inputs);
    CHECK(found <= 1.001F * nearest);
    CHECK(found >= 0.999F * least);
    optimal += found <= 1.001F * least ? 1 : 0;
    better += found < 0.999F * nearest ? 1 : 0;
  }
  CHECK(optimal >= 70);
  CHECK(better >= 20);
}

TEST_CASE("gptq keeps zeros, for which the other weights make up") {
  const compress::DoubleMatrix hessian = compress::DoubleMatrix::Ones(3, 3);
  const nn::Int8Matrix rounded =
      compress::round_gptq(nn::Matrix{{0.4F, 0, 0.4F}}, nn::Vector{{1}}, 4, hessian);
  CHECK(rounded.cast<int>() == Eigen::RowVector3i(0, 0, 1));
}

TEST_CASE("gptq copes with inputs that are all zero") {
  CHECK(compress::round_gptq(nn::Matrix{{0.6F, -2}}, nn::Vector{{1}}, 4,
                             compress::DoubleMatrix::Zero(2, 2))
            .cast<int>() == Eigen::RowVector2i(1, -2));
}
