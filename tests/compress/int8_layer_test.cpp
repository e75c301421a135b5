#include "compress/int8_layer.h"

#include <doctest/doctest.h>

#include "tests/helpers.h"

using namespace pare;
using compress::weight_scale;

TEST_CASE("8 bits map the largest weight to 127") {
  CHECK(weight_scale(nn::Vector{{0.5F, -2.54F}}, 8) == doctest::Approx(0.02));
}

TEST_CASE("the ternary scale is that of ternary weight networks") {
  // sum |w| squared over the count is largest for the three large ones: 9 / 3; four give 9.6 / 4.
  CHECK(weight_scale(nn::Vector{{1, 0.9F, -1.1F, 0.1F, 0}}, 2) == doctest::Approx(1));
}

TEST_CASE("the binary scale is the mean magnitude of what is not zero") {
  CHECK(weight_scale(nn::Vector{{1, -3, 0, 5}}, 1) == doctest::Approx(3));
}

TEST_CASE("weights that are multiples of a step keep it") {
  CHECK(weight_scale(nn::Vector{{0.7F, -0.3F, 0.2F, 0.1F}}, 4) == doctest::Approx(0.1));
}

TEST_CASE("no other scale leaves a smaller squared error") {
  const nn::Vector weights = tests::random_matrix(40, 1, 2);
  for (const int bits : {2, 3, 4}) {
    const auto error = [&](float scale) {
      float sum = 0;
      for (const float weight : weights) {
        const float rounded =
            scale * static_cast<float>(compress::round_weight(weight, scale, bits));
        sum += (weight - rounded) * (weight - rounded);
      }
      return sum;
    };
    const float found = error(weight_scale(weights, bits));
    for (int i = 1; i <= 1000; ++i) CHECK(found <= 1.02F * error(static_cast<float>(i) * 1e-3F));
  }
}

TEST_CASE("a weight rounds to the nearest integer of its bits") {
  CHECK(compress::round_weight(0.26F, 0.1F, 4) == 3);
  CHECK(compress::round_weight(-9, 0.1F, 4) == -7);
  CHECK(compress::round_weight(0.04F, 0.1F, 2) == 0);
  CHECK(compress::round_weight(0.04F, 0.1F, 1) == 1);
  CHECK(compress::round_weight(0, 0.1F, 1) == 0);
}

TEST_CASE("the scale of rounded weights is the largest that they are multiples of") {
  CHECK(compress::rounded_scale(nn::Vector{{0.6F, -0.2F, 0, 0.4F}}, 4) == doctest::Approx(0.2));
  CHECK(compress::rounded_scale(nn::Vector{{12.7F, 0.1F}}, 8) == doctest::Approx(0.1));
  CHECK(compress::rounded_scale(nn::Vector{{12.7F, 6.4F}}, 8) == doctest::Approx(0.1));
  CHECK(compress::rounded_scale(nn::Vector{{-0.5F, 0.5F}}, 1) == doctest::Approx(0.5));
  CHECK(compress::rounded_scale(nn::Vector{{0, 0}}, 8) == 0);
}

TEST_CASE("a row of zeros takes the largest scale of the others, or a fine one") {
  const nn::Vector bias{{0.1F, 0.2F, 0.3F}};
  const nn::Quantization input{0.5F, 0};
  const nn::Quantization output{2, 0};
  CHECK(compress::legal_scales(nn::Vector{{0.01F, 0, 0.02F}}, bias, input, output) ==
        nn::Vector{{0.01F, 0.02F, 0.02F}});
  CHECK(compress::legal_scales(nn::Vector::Zero(3), bias, input, output) ==
        nn::Vector::Constant(3, 4.0F / 256));
  // A bias that would not fit 30 bits widens its row's scale.
  CHECK(compress::legal_scales(nn::Vector{{1e-12F, 1, 1}}, bias, input, output)[0] ==
        doctest::Approx(0.1 / 0.5 / 0x1p29));
}
