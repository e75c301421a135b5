#include "nn/activation.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

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

TEST_CASE("the other activations have the values that others compute") {
  // Python's math module, in double.
  const std::vector<std::pair<std::string, std::array<double, 4>>> expected{
      {"relu6", {0, 0, 0.5, 6}},
      {"leaky_relu(0.2)", {-0.6, -0.1, 0.5, 7}},
      {"elu(0.5)", {-0.47510646581606803, -0.19673467014368328, 0.5, 7}},
      {"softplus",
       {0.04858735157374196, 0.47407698418010663, 0.9740769841801067, 7.000911466453774}},
      {"silu",
       {-0.14227761953270035, -0.1887703343990727, 0.31122966560092728, 6.9936226486559975}},
      {"gelu",
       {-0.0040496940948904395, -0.1542687693629934, 0.34573123063700656, 6.999999999991042}}};
  for (const auto& [name, values] : expected) {
    CAPTURE(name);
    const Activation activation = *find_activation(name);
    CHECK(text(activation) == name);
    Matrix floats{{-3, -0.5F, 0.5F, 7}};
    activate(activation, floats);
    for (int i = 0; i < 4; ++i) {
      const double x = std::array{-3.0, -0.5, 0.5, 7.0}[static_cast<std::size_t>(i)];
      const double value = values[static_cast<std::size_t>(i)];
      const double alpha = double{activation.alpha};
      CHECK(std::abs(activation.function().value(x, alpha) - value) < 1e-7);
      CHECK(std::abs(double{floats(0, i)} - value) <= 4e-7 * std::max(1.0, std::abs(value)));
    }
  }
}

TEST_CASE("every derivative is what finite differences show") {
  for (const auto function : activation_functions()) {
    const Activation activation{function, function().info.alpha.value_or(0)};
    CAPTURE(name(activation));
    Matrix inputs(1, 64);
    for (Index i = 0; i < 64; ++i) inputs(0, i) = -7.9F + 0.25F * static_cast<float>(i);
    Matrix outputs = inputs;
    activate(activation, outputs);
    for (const float scale : {1.0F, 1.25F}) {  // with dropout outputs are scaled
      Matrix deltas = Matrix::Constant(1, 64, 2);
      const Matrix scaled = outputs * scale;
      multiply_by_derivative(activation, needs_inputs(activation) ? inputs : Matrix(), scaled,
                             deltas, scale);
      for (Index i = 0; i < 64; ++i) {
        const double x = double{inputs(0, i)};
        const double alpha = double{activation.alpha};
        const double h = 1e-4;
        const double slope =
            (function().value(x + h, alpha) - function().value(x - h, alpha)) / (2 * h);
        CHECK(std::abs(double{deltas(0, i)} - 2 * slope) < 2e-5);
        CHECK(std::abs(slope) <
              1e-6 + double{std::max(function().info.steepest, activation.alpha)});
      }
    }
  }
}

TEST_CASE("an activation is found by its text, with its parameter or the usual one") {
  CHECK(*find_activation("relu") == Activation::relu);
  CHECK(find_activation("leaky_relu")->alpha == 0.01F);
  CHECK(find_activation("elu(2.5)")->alpha == 2.5F);
  for (const char* text : {"", "swish", "relu(2)", "elu(", "elu()", "elu(1", "elu(x)", "elu(1)x"}) {
    CHECK_FALSE(find_activation(text));
  }
}

namespace {

Int8Layer layer_with(Activation activation, Quantization pre_activation, Quantization output) {
  Int8Layer layer;
  layer.output = table_output(activation).value_or(output);
  layer.activation = activation;
  layer.pre_activation = pre_activation;
  return layer;
}

}  // namespace

TEST_CASE("a table has the outputs computed by hand, at its ends and in the middle") {
  const Quantization pre_activation{0.05F, 28};  // reals from -7.8 to 4.95
  const auto tanh = make_table(layer_with(Activation::tanh, pre_activation, {}));
  CHECK(tanh[0] == -128);
  CHECK(tanh[128 + 28] == 0);
  CHECK(tanh[128 + 38] == 59);  // tanh(0.5) = 0.4621, times 128 is 59.15
  CHECK(tanh[255] == 127);      // 127.99 rounds to 128, which int8 has not
  const auto sigmoid = make_table(layer_with(Activation::sigmoid, pre_activation, {}));
  CHECK(sigmoid[0] == -128);       // 256 * 0.00041 = 0.1
  CHECK(sigmoid[128 + 28] == 0);   // a half
  CHECK(sigmoid[128 + 38] == 31);  // sigmoid(0.5) = 0.6225, times 256 is 159.35
  CHECK(sigmoid[255] == 126);      // sigmoid(4.95) = 0.99297, times 256 is 254.2
}

TEST_CASE("ReLU6 in int8 is a table that cuts off at 6, or ReLU where int8 ends before") {
  const Quantization output{0.05F, -128};  // reals from 0 to 12.75
  CHECK(int8_activation(Activation::relu6, output) == Activation::relu6);
  CHECK(int8_activation(Activation::relu6, {6.0F / 255, -128}) == Activation::relu);
  const auto table = make_table(layer_with(Activation::relu6, output, output));
  CHECK(table[0] == -128);
  CHECK(table[119] == -9);
  CHECK(table[120] == -8);  // 6 / 0.05 - 128
  CHECK(table[255] == -8);
}

TEST_CASE("leaky ReLU in int8 multiplies as TFLite does") {
  const Activation leaky = *find_activation("leaky_relu(0.2)");
  const auto table = make_table(layer_with(leaky, {0.1F, 10}, {0.04F, -30}));
  CHECK(table[128 + 10] == -30);
  CHECK(table[128 + 20] == -5);   // 10 * 0.1 / 0.04 = 25
  CHECK(table[128 - 20] == -45);  // -30 * 0.02 / 0.04 = -15
  CHECK(table[255] == 127);
}

TEST_CASE("beyond the table's range the output changes no more, just within it does") {
  for (const auto function : activation_functions().subspan(2)) {
    const Activation activation{function, function().info.alpha.value_or(0)};
    CAPTURE(name(activation));
    const Quantization output = table_output(activation).value_or(Quantization{0.04F, -100});
    const auto [low, high] = table_range(activation, output, -50, 50);
    const auto value = [&](float real) {
      const double y = function().value(double{real}, double{activation.alpha});
      return quantize(static_cast<float>(y), output);
    };
    CHECK(value(low * 1.001F) == value(-50));
    CHECK(value(high * 1.001F) == value(50));
    if (low > -50) CHECK(value(low + 0.05F) != value(-50));
    if (high < 50) CHECK(value(high - 0.05F) != value(50));
  }
}

TEST_CASE("an int8 tanh layer looks up what its accumulator is requantized to") {
  Int8Layer layer{Int8Matrix::Constant(1, 1, 10),
                  Int32Vector::Zero(1),
                  Vector::Constant(1, 0.05F),
                  {0.1F, 0},
                  *table_output(Activation::tanh),
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
  layer.output = *table_output(Activation::tanh);
  layer.pre_activation.scale = 0;
  CHECK_THROWS_WITH(check(Model{{layer}}), "layer 0: scale 0 is not a positive finite number");
}
