#include "nn/forward.h"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace pare::nn;

TEST_CASE("a float layer is activation(W x + b)") {
  const DenseLayer layer{Matrix{{1, -2}, {3, 4}}, Vector{{0.5F, -20}}, Activation::relu};
  // Row 0: 1*2 - 2*1 + 0.5 = 0.5; row 1: 6 + 4 - 20 = -10 -> 0.
  CHECK(forward(layer, Matrix{{2, 1}}) == Matrix{{0.5F, 0}});
  DenseLayer linear = layer;
  linear.activation = Activation::identity;
  CHECK(forward(linear, Matrix{{2, 1}}) == Matrix{{0.5F, -10}});
}

TEST_CASE("an int8 layer is the arithmetic of the TFLite specification") {
  Int8Layer layer{Int8Matrix(1, 2), Int32Vector(1), Vector(1),
                  {0.5F, 3},        {1, -5},        Activation::identity};
  layer.weights << 10, -20;
  layer.bias << 7;
  layer.weight_scales << 0.5F;  // the factor is 0.5 * 0.5 / 1 = 1/4
  Int8Matrix inputs(1, 2);
  inputs << 13, 1;
  // acc = 10 * (13 - 3) - 20 * (1 - 3) + 7 = 147; 147 / 2 = 73.5 -> 74; 74 / 2 = 37; 37 - 5 = 32.
  CHECK(forward_int8(layer, inputs)(0, 0) == 32);
  inputs << -128, 127;  // acc = -1310 - 2480 + 7 = -3783 -> -1891 -> -946, below int8
  CHECK(forward_int8(layer, inputs)(0, 0) == -128);
  layer.activation = Activation::relu;
  CHECK(forward_int8(layer, inputs)(0, 0) == -5);  // real 0 is the zero point
}

TEST_CASE("forward of an int8 model takes and gives real numbers") {
  Int8Layer layer{Int8Matrix::Constant(1, 1, 100),
                  Int32Vector::Zero(1),
                  Vector::Constant(1, 0.02F),
                  {0.1F, 0},
                  {0.2F, 0},
                  Activation::identity};  // y = 2 x
  const Matrix outputs = forward(Model{{layer}}, Matrix{{1.0F}, {-3.0F}});
  CHECK(outputs(0, 0) == doctest::Approx(2.0));
  CHECK(outputs(1, 0) == doctest::Approx(-6.0));
}

TEST_CASE("forward_int8 refuses a float model") {
  const Model model{{DenseLayer{Matrix{{1}}, Vector{{0}}, Activation::identity}}};
  CHECK_THROWS_WITH_AS(forward_int8(model, Int8Matrix::Zero(1, 1)),
                       "forward_int8 needs an int8 model", std::invalid_argument);
}
