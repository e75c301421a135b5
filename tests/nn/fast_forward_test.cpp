#include "nn/fast_forward.h"

#include <doctest/doctest.h>

#include "nn/forward.h"
#include "tests/helpers.h"
#include "tests/mcu/random_int8.h"

using namespace pare::nn;
using pare::tests::random_int8_inputs;
using pare::tests::random_int8_model;
using pare::tests::random_matrix;

namespace {

const std::vector<std::vector<Index>> kShapes{{1, 1},       {1, 16, 16, 1},    {5, 3, 2},
                                              {64, 33, 10}, {200, 180, 17, 4}, {784, 300, 100, 10}};

Int8Matrix fast_int8(const Model& model, const Int8Matrix& inputs) {
  FastForward fast(model);
  Int8Matrix outputs(inputs.rows(), output_count(model));
  for (Index i = 0; i < inputs.rows(); ++i) {
    fast.run(inputs.row(i).data(), outputs.row(i).data());
  }
  return outputs;
}

}  // namespace

TEST_CASE("the fast int8 inference gives every byte of the reference, for random models") {
  for (const std::vector<Index>& shape : kShapes) {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
      CAPTURE(shape.front());
      CAPTURE(seed);
      const Model model = random_int8_model(shape, seed, seed % 2 == 0);
      Int8Matrix inputs = random_int8_inputs(20, shape.front(), seed);
      inputs.topRows(10) = (random_matrix(10, shape.front(), seed).array() > 0)
                               .select(inputs.topRows(10), std::int8_t{-128});  // skipped
      CHECK(fast_int8(model, inputs) == forward_int8(model, inputs));
    }
  }
}

TEST_CASE("the fast inference of an int8 model rounds and cuts off real inputs as the reference") {
  Model model = random_int8_model({64, 33, 10}, 3);
  std::get<Int8Layer>(model.layers[0]).input = {0.25F, -7};
  Matrix inputs = 40 * random_matrix(50, 64, 5);
  inputs.topRows(20) = (inputs.topRows(20) * 8).array().round() / 8;  // many halves of a step
  inputs(0, 0) = 1e30F;
  inputs(0, 1) = -1e30F;
  CHECK(FastForward(model)(inputs) == forward(model, inputs));
}

TEST_CASE("the fast float inference is the reference but for the order of its sums") {
  for (const Activation hidden : {Activation::relu, Activation::tanh, Activation::sigmoid}) {
    for (const std::vector<Index>& shape : kShapes) {
      const Model model = make_mlp(shape, hidden, 4);
      const Matrix inputs = random_matrix(20, shape.front(), 6).cwiseMax(0);
      CHECK((FastForward(model)(inputs) - forward(model, inputs)).cwiseAbs().maxCoeff() < 1e-6F);
    }
  }
}

TEST_CASE("int8 inputs to a float model are refused") {
  FastForward fast(pare::tests::random_model({1, 1}, 1));
  const std::int8_t input = 0;
  std::int8_t output = 0;
  CHECK_THROWS_WITH(fast.run(&input, &output), "int8 inputs need an int8 model");
}
