#include "mcu/host_kernel.h"

#include <doctest/doctest.h>

#include <map>

#include "mcu/encodings/encoding.h"
#include "mcu/kernel/requantize.h"
#include "nn/forward.h"
#include "nn/quantization.h"
#include "tests/helpers.h"
#include "tests/mcu/dense_encodings.h"
#include "tests/mcu/random_int8.h"

using namespace pare;

namespace {

void check_requantize(std::int32_t value, std::int32_t multiplier, int shift) {
  for (const bool single : {false, true}) {
    const auto rounding =
        single ? nn::Requantizing::single_rounding : nn::Requantizing::double_rounding;
    REQUIRE(requantize(value, multiplier, shift, single) ==
            nn::requantize(value, {multiplier, shift, rounding}));
  }
}

}  // namespace

TEST_CASE("the kernel's requantize is the reference's") {
  nn::Random random(3);
  for (int i = 0; i < 1'000'000; ++i) {
    const int shift = tests::random_integer(random, -31, 8);
    const auto multiplier = static_cast<std::int32_t>((1U << 30) + (random.bits() >> 2));
    // Small values as often as large ones, for the ties lie among them.
    const std::int32_t range = (1 << (30 - std::max(shift, 0))) - 1;
    const std::int32_t bound = range >> random.below(20);
    const std::int32_t value = tests::random_integer(random, -bound, bound);
    check_requantize(value, multiplier, shift);
  }
}

TEST_CASE("the kernel's requantize is the reference's where the ties are") {
  for (std::int32_t value = -70000; value <= 70000; ++value) {
    for (const int shift : {-17, -8, -3, -1, 0, 1, 5}) {
      for (const std::int32_t multiplier : {1 << 30, 3 << 29, INT32_MAX}) {
        check_requantize(value, multiplier, shift);
      }
    }
  }
}

TEST_CASE("the int8 kernels give the reference's bytes for any shape, zero point and scale") {
  nn::Random random(4);
  std::map<std::string, int> seen;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    std::vector<nn::Index> widths;
    for (std::uint32_t i = 0; i < 2 + random.below(4); ++i) widths.push_back(1 + random.below(40));
    const nn::Model model = tests::random_int8_model(widths, seed, seed % 2 == 1);
    const nn::Int8Matrix inputs = tests::random_int8_inputs(5, widths.front(), seed);
    const nn::Int8Matrix expected = nn::forward_int8(model, inputs);
    mcu::HostKernel kernel(tests::encode_dense(model));
    for (const mcu::EncodedLayer& layer : kernel.model().layers) {
      const auto has = [&](const char* shift) {
        return layer.code.type.find(shift) != std::string::npos;
      };
      ++seen[layer.encoding + (has(", 0, ")    ? ", a shift a row"
                               : has(", -1, ") ? ", a shift a row, rounded once"
                                               : "")];
    }
    for (nn::Index i = 0; i < inputs.rows(); ++i) {
      nn::Int8Matrix outputs(1, widths.back());
      kernel.infer(inputs.row(i).data(), outputs.data());
      REQUIRE(outputs == expected.row(i));
    }
  }
  CHECK(seen["paired int8"] > 50);
  CHECK(seen["paired int8, a shift a row"] > 50);
  CHECK(seen["paired int8, a shift a row, rounded once"] > 50);
  CHECK(seen["dense int8"] > 50);
}

TEST_CASE("a layer whose sums could fill a word is not paired, and is exact") {
  nn::Int8Layer layer{nn::Int8Matrix::Constant(3, 1000, 127),
                      nn::Int32Vector::Zero(3),
                      nn::Vector::Constant(3, 0.001F),
                      {1, -128},
                      {100, -128},
                      nn::Activation::relu};
  layer.weights.row(1).setConstant(-127);
  mcu::HostKernel kernel(tests::encode_dense(nn::Model{{layer}}));
  CHECK(kernel.model().layers[0].encoding == "dense int8");
  const nn::Int8Matrix inputs = nn::Int8Matrix::Constant(1, 1000, 127);
  nn::Int8Matrix outputs(1, 3);
  kernel.infer(inputs.data(), outputs.data());
  CHECK(outputs == nn::forward_int8(nn::Model{{layer}}, inputs));
  // 258 * 127 * 255 is the most below the limit; 2^23 - 2^8 lies below 260 of them.
  for (const nn::Index few : {258, 260}) {
    layer.weights = nn::Int8Matrix::Constant(3, few, 127);
    mcu::HostKernel paired(tests::encode_dense(nn::Model{{layer}}));
    CHECK(paired.model().layers[0].encoding == (few == 258 ? "paired int8" : "dense int8"));
    paired.infer(inputs.data(), outputs.data());
    CHECK(outputs == nn::forward_int8(nn::Model{{layer}}, inputs.leftCols(few)));
  }
}

TEST_CASE("the float kernel is within rounding of the reference") {
  for (const auto& widths : {std::vector<nn::Index>{1, 16, 16, 1}, {7, 3}, {20, 9, 5, 4}}) {
    for (const auto function : nn::activation_functions()) {
      const nn::Activation hidden{function, function().info.alpha.value_or(0)};
      const nn::Model model = nn::make_mlp(widths, hidden, 9);
      const nn::Matrix inputs = tests::random_matrix(20, widths.front(), 10);
      const nn::Matrix expected = nn::forward(model, inputs);
      mcu::HostKernel kernel(mcu::encode(model));
      for (nn::Index i = 0; i < inputs.rows(); ++i) {
        nn::Matrix outputs(1, widths.back());
        kernel.infer(inputs.row(i).data(), outputs.data());
        CHECK((outputs - expected.row(i)).cwiseAbs().maxCoeff() < 2.5e-7F);
      }
    }
  }
}
