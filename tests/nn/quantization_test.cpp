#include "nn/quantization.h"

#include <doctest/doctest.h>

#include <cmath>

#include "nn/random.h"

using namespace pare::nn;

TEST_CASE("quantize_multiplier gives a normalized fixed-point number") {
  const FixedPointMultiplier half = quantize_multiplier(0.5);
  CHECK(half.multiplier == 1 << 30);
  CHECK(half.shift == 0);
  const FixedPointMultiplier three = quantize_multiplier(3);
  CHECK(three.multiplier == 3 << 29);
  CHECK(three.shift == 2);
  CHECK(quantize_multiplier(0).multiplier == 0);
  CHECK(quantize_multiplier(0x1p-40).multiplier == 0);
  // 1 - 2^-40 rounds up to 2^31, which does not fit.
  const FixedPointMultiplier one = quantize_multiplier(1 - 0x1p-40);
  CHECK(one.multiplier == 1 << 30);
  CHECK(one.shift == 1);
  CHECK_THROWS_WITH(quantize_multiplier(-1), "requantization factor -1 is outside [0, 2^30)");
}

TEST_CASE("requantize rounds twice, as gemmlowp does") {
  // 3 * 0.5 = 1.5 rounds to 2; -1.5 to -1, towards +infinity.
  CHECK(requantize(3, quantize_multiplier(0.5)) == 2);
  CHECK(requantize(-3, quantize_multiplier(0.5)) == -1);
  // 0.25 = 2^30 * 2^-1: first 5 * 0.5 = 2.5 -> 3, then 3 / 2 = 1.5 -> 2, where 5 / 4 is nearer
  // to 1.
  CHECK(requantize(5, quantize_multiplier(0.25)) == 2);
  // First -5 * 0.5 = -2.5 -> -2, then -1; a tie of the second goes away from zero: -3 / 2 -> -2.
  CHECK(requantize(-5, quantize_multiplier(0.25)) == -1);
  CHECK(requantize(-6, quantize_multiplier(0.25)) == -2);
  CHECK(requantize(7, quantize_multiplier(4)) == 28);
}

TEST_CASE("requantize rounds once where it is told to, to the nearest, ties towards +infinity") {
  const auto once = [](std::int32_t value, double factor) {
    FixedPointMultiplier by = quantize_multiplier(factor);
    by.requantizing = Requantizing::single_rounding;
    return requantize(value, by);
  };
  CHECK(once(5, 0.25) == 1);  // 1.25
  CHECK(once(6, 0.25) == 2);  // 1.5
  CHECK(once(-6, 0.25) == -1);
  CHECK(once(-7, 0.25) == -2);  // -1.75
  CHECK(once(3, 0.5) == 2);
  CHECK(once(-3, 0.5) == -1);
  CHECK(once(7, 4) == 28);
  Random random(6);
  for (int i = 0; i < 100000; ++i) {
    // Exact in double: 22 bits times 20.
    const auto value = static_cast<std::int32_t>(random.uniform(-0x1p22, 0x1p22));
    const double factor =
        std::ldexp(1 + random.below(1 << 19), -21 - static_cast<int>(random.below(8)));
    CHECK(once(value, factor) == std::floor(value * factor + 0.5));
  }
}

TEST_CASE("requantize is within one of the exact product") {
  Random random(5);
  for (int i = 0; i < 100000; ++i) {
    const auto value = static_cast<std::int32_t>(random.uniform(-0x1p29, 0x1p29));
    const double factor = std::exp(random.uniform(-15, 0));
    const double exact = value * factor;
    CHECK(std::abs(requantize(value, quantize_multiplier(factor)) - exact) <= 1.0);
  }
}

TEST_CASE("choose_quantization covers the range and represents 0 exactly") {
  const Quantization positive = choose_quantization(2, 5.1F);  // widened to [0, 5.1]
  CHECK(positive.scale == doctest::Approx(0.02));
  CHECK(positive.zero_point == -128);
  const Quantization both = choose_quantization(-1, 1.55F);
  CHECK(both.scale == doctest::Approx(0.01));
  CHECK(both.zero_point == -28);
  CHECK(dequantize(static_cast<std::int8_t>(both.zero_point), both) == 0.0F);
  CHECK(choose_quantization(-3, -1).zero_point == 127);
  CHECK(choose_quantization(0, 0).scale == 1.0F);
}

TEST_CASE("quantize rounds to the nearest step and saturates") {
  const Quantization q{0.5F, 10};
  CHECK(quantize(1.0F, q) == 12);
  CHECK(quantize(1.3F, q) == 13);
  CHECK(quantize(-0.75F, q) == 8);  // -1.5 steps: ties away from zero
  CHECK(quantize(1e9F, q) == 127);
  CHECK(quantize(-1e9F, q) == -128);
}

TEST_CASE("accumulator_fits counts what any int8 input can do") {
  Int8Layer layer{Int8Matrix::Constant(1, 4, 127),
                  Int32Vector::Zero(1),
                  Vector::Ones(1),
                  {1, -128},
                  {1, 0},
                  Activation::identity};
  layer.output.scale = 2;  // no left shift
  CHECK(accumulator_fits(layer, 0));
  const std::int32_t most = 4 * 127 * 255;
  layer.bias[0] = (1 << 30) - most - 1;
  CHECK(accumulator_fits(layer, 0));
  layer.bias[0] += 1;
  CHECK_FALSE(accumulator_fits(layer, 0));
}
