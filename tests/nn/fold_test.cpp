// How a chain of operations, as files have it, becomes a model.
#include <doctest/doctest.h>

#include "nn/activation.h"
#include "nn/formats/operations.h"
#include "nn/forward.h"
#include "nn/quantization.h"
#include "tests/helpers.h"

using namespace pare::nn;

namespace {

using Row = Eigen::RowVectorXd;

Operation scaling(const Row& factor, const Row& offset, std::string place = "scaling") {
  return {std::move(place), ElementwiseOperation{factor, offset}};
}

Operation dense(const Matrix& weights, const Vector& bias) {
  return {"dense", DenseOperation{weights, bias}};
}

Operation act(Activation activation) { return {"activation", ActivationOperation{activation}}; }

struct Folded {
  Model model;
  std::vector<std::string> notes;
};

Folded folded(Index inputs, const std::vector<Operation>& chain) {
  Folded result;
  result.model = fold(inputs, chain, result.notes);
  check(result.model);
  return result;
}

const Matrix kWeights{{1, -2}, {0.5F, 4}};
const Vector kBias{{3, -1}};
const Row kNone = Row::Zero(1);

}  // namespace

TEST_CASE("scalings in front become the inputs' offset and factor, exactly") {
  // Columns that hardly vary have such factors: folding them into the weights would lose the rest.
  const auto [model, notes] =
      folded(2, {scaling(Row::Ones(2), Row{{-1013.25, 4}}, "Sub"),
                 scaling(Row{{1e7, 0.5}}, kNone, "Mul"), dense(kWeights, kBias)});
  CHECK(model.inputs.offset == RowVector{{1013.25F, -4}});
  CHECK(model.inputs.factor == RowVector{{1e7F, 0.5F}});
  CHECK(std::get<DenseLayer>(model.layers[0]).weights == kWeights);
  CHECK(notes == std::vector<std::string>{"Sub, Mul went into the scale and offset of the inputs"});
  CHECK(forward(model, Matrix{{1013.25F, 0}}) == Matrix{{3 - 4, -1 + 8}});
}

TEST_CASE("scalings between and behind layers go into them") {
  const auto [model, notes] =
      folded(2, {dense(kWeights, kBias), scaling(Row{{2, 3}}, Row{{1, 0}}, "BatchNormalization"),
                 act(Activation::relu), scaling(Row{{0.5, 1}}, Row{{0, 10}}, "Mul"),
                 dense(kWeights, kBias), scaling(kNone.array() + 2, kNone.array() + 1, "Div")});
  CHECK(model.layers.size() == 2);
  CHECK(model.inputs.factor.size() == 0);
  CHECK(model.outputs.factor.size() == 0);
  const auto& first = std::get<DenseLayer>(model.layers[0]);
  CHECK(first.weights == Matrix{{2, -4}, {1.5F, 12}});
  CHECK(first.bias == Vector{{7, -3}});
  CHECK(first.activation == Activation::relu);
  const auto& second = std::get<DenseLayer>(model.layers[1]);
  // ((x * (0.5, 1) + (0, 10)) w + b) * 2 + 1
  CHECK(second.weights == Matrix{{1, -4}, {0.5F, 8}});
  CHECK(second.bias == Vector{{2 * (3 - 20) + 1, 2 * (-1 + 40) + 1}});
  CHECK(notes == std::vector<std::string>{"BatchNormalization went into layer 0",
                                          "Mul went into layer 1", "Div went into the last layer"});
}

TEST_CASE("what is added to a layer without a bias is its bias, without a word") {
  const auto [model, notes] =
      folded(2, {dense(kWeights, Vector::Zero(2)), scaling(Row::Ones(2), Row{{3, -1}}, "Add")});
  CHECK(std::get<DenseLayer>(model.layers[0]).bias == kBias);
  CHECK(notes.empty());
}

TEST_CASE("scalings behind the last activation are the outputs' own, a softmax their meaning") {
  const auto [model, notes] = folded(2, {dense(kWeights, kBias),
                                         act(Activation::tanh),
                                         scaling(Row{{2, 2}}, Row{{1, 0}}),
                                         {"softmax", SoftmaxOperation{true}}});
  CHECK(model.outputs.factor == RowVector{{2, 2}});
  CHECK(model.outputs.offset == RowVector{{1, 0}});
  CHECK(model.outputs.meaning == Meaning::log_probabilities);
  const Matrix outputs = forward(model, Matrix{{0.3F, -0.1F}});
  CHECK(outputs.array().exp().sum() == doctest::Approx(1));
  CHECK(is_classifier(model));
}

TEST_CASE("an activation in front is the inputs', the same clamp twice is one") {
  const auto [model, notes] =
      folded(2, {act(Activation::sigmoid), scaling(Row{{2, 2}}, Row{{0, 0}}),
                 dense(kWeights, kBias), act(Activation::relu), act(Activation::relu)});
  CHECK(model.inputs.activation == Activation::sigmoid);
  CHECK(std::get<DenseLayer>(model.layers[0]).weights == 2 * kWeights);
  CHECK(forward(model, Matrix{{0, 0}}) == Matrix{{3 + 1 - 2, -1 + 0.5F + 4}});
}

TEST_CASE("a chain that is no MLP is refused, with the place") {
  const auto error = [](Index inputs, const std::vector<Operation>& chain) {
    try {
      folded(inputs, chain);
    } catch (const std::invalid_argument& refused) {
      return std::string(refused.what());
    }
    return std::string("accepted");
  };
  CHECK(error(2, {}) == "there is no dense layer between its input and its output");
  CHECK(error(3, {dense(kWeights, kBias)}) ==
        "dense: its weights are [2, 2] with 2 biases, for 3 values");
  CHECK(error(2, {scaling(Row::Ones(3), Row::Zero(3), "Mul")}) ==
        "Mul: it has 3 constants for 2 values");
  CHECK(error(2, {dense(kWeights, kBias), act(Activation::relu), act(Activation::tanh)}) ==
        "activation: it follows relu, with no dense layer between them");
  CHECK(error(2, {dense(kWeights, kBias), {"end", SoftmaxOperation{}}, act(Activation::tanh)}) ==
        "activation: it follows a softmax, which has to be the last");
  CHECK(error(2, {{"Softmax", SoftmaxOperation{}}, dense(kWeights, kBias)}) ==
        "Softmax: it comes before every dense layer");
  CHECK(error(2, {scaling(Row{{1, 0}}, Row{{0, 1}}, "Mul"), dense(kWeights, kBias)}) ==
        "Mul: an input is multiplied by 0; leave that input out of the model");
}

TEST_CASE("the chain of a model folds into the same model") {
  Model model = pare::tests::random_model({3, 4, 2}, 5);
  model.inputs = {RowVector{{1013, -5, 0}}, RowVector{{0.5F, 1e7F, 3}}};
  std::get<DenseLayer>(model.layers[1]).activation = Activation::tanh;
  model.outputs = {RowVector{{2, 3}}, RowVector{{-1, 1}}, Meaning::probabilities};
  const auto [back, notes] = folded(3, unfold(model));
  CHECK(back.inputs.offset == model.inputs.offset);
  CHECK(back.inputs.factor == model.inputs.factor);
  CHECK(back.outputs.factor == model.outputs.factor);
  CHECK(back.outputs.meaning == model.outputs.meaning);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(std::get<DenseLayer>(back.layers[i]).weights ==
          std::get<DenseLayer>(model.layers[i]).weights);
  }
}

TEST_CASE("an int8 model's floats are what its integers stand for") {
  Int8Layer layer{Int8Matrix(2, 1), Int32Vector(2), Vector{{0.5F, 0.25F}}, {0.1F, 3}, {0.2F, 0}};
  layer.weights << 10, -4;
  layer.bias << 20, -40;
  const Model floats = dequantized(Model{{layer}});
  const auto& dense = std::get<DenseLayer>(floats.layers[0]);
  CHECK(dense.weights == Matrix{{5}, {-1}});
  CHECK(dense.bias.isApprox(Vector{{1, -1}}));
}
