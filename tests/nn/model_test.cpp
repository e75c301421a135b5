#include "nn/model.h"

#include <doctest/doctest.h>

#include <limits>

#include "tests/helpers.h"

using namespace pare::nn;

TEST_CASE("the seed's model has 321 parameters and 288 multiply-accumulates") {
  const Model model = pare::tests::random_model({1, 16, 16, 1}, 1);
  CHECK(parameter_count(model) == 321);
  CHECK(parameter_count(model.layers[0]) == 32);
  CHECK(parameter_count(model.layers[1]) == 272);
  CHECK(parameter_count(model.layers[2]) == 17);
  CHECK(mac_count(model) == 288);
  CHECK(nonzero_count(model) == 321 - 17);  // only the first layer's biases start elsewhere than 0
}

TEST_CASE("check names the layer and what is wrong with it") {
  Model model = pare::tests::random_model({2, 3, 1}, 1);
  CHECK_NOTHROW(check(model));
  CHECK_THROWS_WITH(check(Model{}), "the model has no layers");

  Model wide = model;
  std::get<DenseLayer>(wide.layers[1]).weights = Matrix::Ones(1, 4);
  CHECK_THROWS_WITH(check(wide), "layer 1: 4 inputs, but the layer before it has 3 outputs");

  Model broken = model;
  std::get<DenseLayer>(broken.layers[0]).bias[1] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(check(broken),
                    "layer 0: a weight or bias is not finite; a lower learning rate may help");

  Model few = model;
  std::get<DenseLayer>(few.layers[0]).bias = Vector::Zero(2);
  CHECK_THROWS_WITH(check(few), "layer 0: 2 biases for 3 outputs");
}

TEST_CASE("check knows the legal ranges of an int8 layer") {
  const Int8Layer good{
      Int8Matrix::Ones(1, 2), Int32Vector::Zero(1), Vector::Ones(1), {0.5F, 0}, {1, 0},
      Activation::identity};
  CHECK_NOTHROW(check(Model{{good}}));

  Int8Layer layer = good;
  layer.weights(0, 1) = -128;
  CHECK_THROWS_WITH(check(Model{{layer}}), "layer 0: a weight is below -127");
  layer = good;
  layer.weight_scales[0] = 0;
  CHECK_THROWS_WITH(check(Model{{layer}}),
                    "layer 0: a weight scale is not a positive finite number");
  layer = good;
  layer.input.zero_point = 128;
  CHECK_THROWS_WITH(check(Model{{layer}}), "layer 0: zero point 128 is outside [-128, 127]");
  layer = good;
  layer.bias[0] = 1 << 30;
  CHECK_THROWS_WITH(check(Model{{layer}}),
                    "layer 0: output 0 could overflow its 32-bit accumulator");

  Int8Layer next{Int8Matrix::Ones(1, 1), Int32Vector::Zero(1), Vector::Ones(1), {0.25F, 0}, {1, 0},
                 Activation::identity};
  CHECK_THROWS_WITH(check(Model{{good, next}}),
                    "layer 1: its input quantization is not the output quantization before it");
  CHECK_THROWS_WITH(check(Model{{good, DenseLayer{Matrix{{1}}, Vector{{0}}, {}}}}),
                    "layer 1: float32 and int8 layers cannot be mixed in one model");
}
