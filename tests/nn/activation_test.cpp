#include "nn/activation.h"

#include <doctest/doctest.h>

#include <cmath>

#include "nn/forward.h"
#include "nn/quantization.h"

using namespace pare::nn;

TEST_CASE("the activations have the values of their formulas") {
  const Matrix inputs{{-20, -1, 0, 0.5F, 20}};
  const auto activated = [&](Activation activation) {
    Matrix values = inputs;
    activate(activation, values);
    return values;
  };
  CHECK(activated(Activation::identity) == inputs);
  CHECK(activated(Activation::relu) == Matrix{{0, 0, 0, 0.5F, 20}});
  const Matrix tanh{{-1, -0.76159416F, 0, 0.46211716F, 1}};
  const Matrix sigmoid{{2.0611537e-9F, 0.26894142F, 0.5F, 0.62245933F, 1}};
  CHECK((activated(Activation::tanh) - tanh).cwiseAbs().maxCoeff() < 1.2e-7F);
  CHECK((activated(Activation::sigmoid) - sigmoid).cwiseAbs().maxCoeff() < 1.2e-7F);
}

TEST_CASE("the derivatives follow from the outputs") {
  const auto derivative = [](Activation activation, const Matrix& outputs) {
    Matrix deltas = Matrix::Constant(1, outputs.cols(), 2);
    multiply_by_derivative(activation, outputs, deltas);
    return deltas;
  };
  CHECK(derivative(Activation::identity, Matrix{{-3, 3}}) == Matrix{{2, 2}});
  CHECK(derivative(Activation::relu, Matrix{{0, 3}}) == Matrix{{0, 2}});
  CHECK(derivative(Activation::tanh, Matrix{{0, -0.5F, 1}}) == Matrix{{2, 1.5F, 0}});
  CHECK(derivative(Activation::sigmoid, Matrix{{0, 0.25F, 0.5F}}) == Matrix{{0, 0.375F, 0.5F}});
}

TEST_CASE("a table has the outputs computed by hand, at its ends and in the middle") {
  const Quantization pre_activation{0.05F, 28};  // reals from -7.8 to 4.95
  const auto tanh = make_table(Activation::tanh, pre_activation);
  CHECK(tanh[0] == -128);
  CHECK(tanh[128 + 28] == 0);
  CHECK(tanh[128 + 38] == 59);  // tanh(0.5) = 0.4621, times 128 is 59.15
  CHECK(tanh[255] == 127);      // 127.99 rounds to 128, which int8 has not
  const auto sigmoid = make_table(Activation::sigmoid, pre_activation);
  CHECK(sigmoid[0] == -128);       // 256 * 0.00041 = 0.1
  CHECK(sigmoid[128 + 28] == 0);   // a half
  CHECK(sigmoid[128 + 38] == 31);  // sigmoid(0.5) = 0.6225, times 256 is 159.35
  CHECK(sigmoid[255] == 126);      // sigmoid(4.95) = 0.99297, times 256 is 254.2
}

TEST_CASE("beyond the table's range the output changes no more, just within it does") {
  for (const Activation activation : {Activation::tanh, Activation::sigmoid}) {
    const auto [low, high] = table_range(activation);
    const auto output = [&](float real) {  // of the pre-activation 127
      return make_table(activation, {std::abs(real) / 127, 0})[real > 0 ? 255 : 1];
    };
    CHECK(output(low * 1.001F) == -128);
    CHECK(output(low * 0.999F) == -127);
    CHECK(output(high * 1.001F) == 127);
    CHECK(output(high * 0.999F) == 126);
  }
}

TEST_CASE("an int8 tanh layer looks up what its accumulator is requantized to") {
  Int8Layer layer{Int8Matrix::Constant(1, 1, 10),
                  Int32Vector::Zero(1),
                  Vector::Constant(1, 0.05F),
                  {0.1F, 0},
                  table_output(Activation::tanh),
                  Activation::tanh,
                  {0.025F, 3}};  // the factor is 0.1 * 0.05 / 0.025 = 1/5
  Int8Matrix inputs(2, 1);
  inputs << 10, -128;
  // 10 * 10 / 5 + 3 = 23 stands for 0.5, tanh(0.5) * 128 = 59.15; the other is clamped, to -3.3.
  CHECK(forward_int8(layer, inputs)(0, 0) == 59);
  CHECK(forward_int8(layer, inputs)(1, 0) == -128);
  CHECK_NOTHROW(check(Model{{layer}}));
  layer.output.scale = 0.01F;
  CHECK_THROWS_WITH(check(Model{{layer}}),
                    "layer 0: the outputs of tanh must have scale 0.0078125 and zero point 0");
  layer.output = table_output(Activation::tanh);
  layer.pre_activation.scale = 0;
  CHECK_THROWS_WITH(check(Model{{layer}}), "layer 0: scale 0 is not a positive finite number");
}
