#include "mcu/encodings/uniform_shift.h"

#include <doctest/doctest.h>

#include "mcu/kernel/paired_int8.h"
#include "nn/quantization.h"
#include "tests/mcu/random_int8.h"

using namespace pare;

namespace {

/// One ReLU layer whose rows' scales lie within a factor of `spread`.
nn::Int8Layer relu_layer(nn::Random& random, nn::Index outputs, double factor, double spread) {
  nn::Int8Layer layer{nn::Int8Matrix(outputs, 20),
                      nn::Int32Vector(outputs),
                      nn::Vector(outputs),
                      {1, tests::random_integer(random, -128, 127)},
                      {1, -128},
                      nn::Activation::relu};
  for (std::int8_t& weight : layer.weights.reshaped()) {
    weight = static_cast<std::int8_t>(tests::random_integer(random, -127, 127));
  }
  for (nn::Index row = 0; row < outputs; ++row) {
    layer.bias[row] = tests::random_integer(random, -3000, 3000);
    layer.weight_scales[row] = static_cast<float>(factor * std::pow(spread, random.uniform(0, 1)));
  }
  return layer;
}

/// The widened output of the reference.
std::int32_t expected(const nn::Int8Layer& layer, nn::Index row, std::int32_t sum) {
  return std::clamp(nn::requantize(sum, nn::row_multiplier(layer, row)), 0, 255);
}

void check_every_sum(const nn::Int8Layer& layer, const mcu::UniformShift& uniform) {
  for (nn::Index row = 0; row < layer.weights.rows(); ++row) {
    const auto index = static_cast<std::size_t>(row);
    const nn::AccumulatorRange range = nn::accumulator_range(layer, row);
    for (auto sum = static_cast<std::int32_t>(range.low); sum <= range.high; ++sum) {
      const std::int32_t got = uniform_output(256 * sum + uniform.fractions[index],
                                              uniform.multipliers[index], uniform.shift);
      if (got != expected(layer, row, sum)) FAIL("row " << row << ", sum " << sum);
    }
  }
}

}  // namespace

TEST_CASE("one shift for all rows gives what each row's own gives, for every sum there can be") {
  nn::Random random(8);
  int found = 0;
  for (int i = 0; i < 40; ++i) {
    const double factor = std::exp2(random.uniform(-14, -2));
    nn::Int8Layer layer = relu_layer(random, 4, factor, i % 2 == 0 ? 1.5 : 6);
    if (i % 4 < 2) layer.requantizing = nn::Requantizing::single_rounding;
    const std::optional<mcu::UniformShift> uniform = mcu::uniform_shift(layer);
    if (!uniform) continue;
    ++found;
    check_every_sum(layer, *uniform);
  }
  CHECK(found >= 30);
}

TEST_CASE("a row whose sums are all above 0, or all below, does not stand in the way") {
  nn::Random random(11);
  for (const std::int32_t bias : {60'000, 400'000, 4'000'000, -60'000, -4'000'000}) {
    nn::Int8Layer layer = relu_layer(random, 4, 1.0 / 1000, 1.5);
    layer.bias[1] = bias;
    layer.weights.row(1) = layer.weights.row(1).unaryExpr(
        [](std::int8_t weight) { return static_cast<std::int8_t>(weight / 10); });
    const std::optional<mcu::UniformShift> uniform = mcu::uniform_shift(layer);
    REQUIRE(uniform);
    check_every_sum(layer, *uniform);
  }
}

TEST_CASE("a fraction is refused where it and the lowest sum no longer fit a word together") {
  // The rows' factors lie 2^16 apart, so that the second one's fraction is about -2^24.
  for (const std::int32_t low : {-8'200'000, -8'330'000}) {
    CAPTURE(low);
    nn::Int8Layer layer{nn::Int8Matrix::Zero(2, 265),
                        nn::Int32Vector{{0, low}},
                        nn::Vector{{0x1p-2F, 0x1p-18F}},
                        {1, -128},
                        {1, -128},
                        nn::Activation::relu};
    layer.weights(0, 0) = 1;
    layer.weights.row(1).setConstant(127);
    REQUIRE(nn::accumulator_range(layer, 1).low == low);
    REQUIRE(nn::accumulator_range(layer, 1).high < nn::kShortSum);
    const std::optional<mcu::UniformShift> uniform = mcu::uniform_shift(layer);
    REQUIRE(uniform.has_value() == (low == -8'200'000));
    if (uniform) check_every_sum(layer, *uniform);
  }
}

TEST_CASE("rows whose own shifts are equal keep their multipliers' exactness without a fraction") {
  nn::Random random(9);
  const nn::Int8Layer layer = relu_layer(random, 16, 1.0 / 300, 1.1);
  const std::optional<mcu::UniformShift> uniform = mcu::uniform_shift(layer);
  REQUIRE(uniform);
  CHECK(uniform->shift == 8 + 7);
  for (const std::int32_t fraction : uniform->fractions) CHECK(fraction == 0);
}

TEST_CASE("there is no one shift for rows that shift left, and for outputs that are no ReLU's") {
  nn::Random random(10);
  CHECK(mcu::uniform_shift(relu_layer(random, 4, 0.2, 1)));
  CHECK_FALSE(mcu::uniform_shift(relu_layer(random, 4, 0.6, 1)));
  nn::Int8Layer layer = relu_layer(random, 4, 0.01, 1);
  CHECK(mcu::uniform_shift(layer));
  layer.output.zero_point = -127;
  CHECK_FALSE(mcu::uniform_shift(layer));
  layer.output.zero_point = -128;
  layer.activation = nn::Activation::identity;
  CHECK_FALSE(mcu::uniform_shift(layer));
}
