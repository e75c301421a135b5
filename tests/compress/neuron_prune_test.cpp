#include <doctest/doctest.h>

#include "compress/pass.h"
#include "nn/forward.h"
#include "tests/helpers.h"

using namespace pare;
using nn::Index;
using Values = compress::Options::Values;

namespace {

nn::Model prune(const nn::Model& model, const nn::Dataset& data, const char* criterion,
                double sparsity, std::int64_t multiple = 1, int epochs = 0) {
  const auto step =
      compress::make_step("neuron_prune", {{"criterion", {std::string(criterion), ""}},
                                           {"sparsity", {sparsity, ""}},
                                           {"multiple", {multiple, ""}},
                                           {"epochs", {std::int64_t{epochs}, ""}}});
  nn::TrainOptions training;
  training.scale_inputs = false;
  return compress::run({step}, model, {data, data, training, 7, {}}).model;
}

nn::DenseLayer& dense(nn::Model& model, std::size_t layer) {
  return std::get<nn::DenseLayer>(model.layers[layer]);
}

nn::Dataset noise(Index features, Index outputs) {
  return {tests::random_matrix(60, features, 1),
          tests::random_matrix(60, outputs, 2),
          nn::Task::regression,
          {}};
}

float change(const nn::Model& before, const nn::Model& after, const nn::Matrix& inputs) {
  return (nn::forward(before, inputs) - nn::forward(after, inputs)).cwiseAbs().maxCoeff();
}

}  // namespace

TEST_CASE("neuron_prune removes dead neurons by either criterion without changing the function") {
  nn::Model model = tests::random_model({3, 6, 8, 2}, 1);
  for (const Index i : {0, 2, 5}) {
    dense(model, 0).weights.row(i) *= 1e-3F;
    dense(model, 0).bias[i] = -1;
  }
  for (const Index i : {1, 3, 4, 7}) {
    dense(model, 1).weights.row(i) *= 1e-3F;
    dense(model, 1).bias[i] = -1;
  }
  const nn::Dataset data = noise(3, 2);
  for (const char* criterion : {"taylor", "l2"}) {
    nn::Model pruned = prune(model, data, criterion, 0.5);
    CHECK(dense(pruned, 0).weights.rows() == 3);
    CHECK(dense(pruned, 1).weights.rows() == 4);
    CHECK(dense(pruned, 1).weights.cols() == 3);
    CHECK(dense(pruned, 2).weights.cols() == 4);
    CHECK(change(model, pruned, data.inputs) < 1e-6F);
  }
}

TEST_CASE("neuron_prune folds a constant neuron into the next layer's bias") {
  nn::Model model = tests::random_model({3, 4, 2}, 1);
  for (const Index i : {1, 2}) {
    dense(model, 0).weights.row(i).setZero();
    dense(model, 0).bias[i] = static_cast<float>(i);
  }
  const nn::Dataset data = noise(3, 2);
  nn::Model pruned = prune(model, data, "l2", 0.5);
  CHECK(dense(pruned, 0).weights.rows() == 2);
  CHECK(change(model, pruned, data.inputs) < 1e-6F);
  const nn::Vector expected =
      dense(model, 1).bias + dense(model, 1).weights.col(1) + 2 * dense(model, 1).weights.col(2);
  CHECK((dense(pruned, 1).bias - expected).norm() < 1e-6F);
}

TEST_CASE("taylor keeps the neuron that the loss feels, l2 the one with the longest row") {
  // Both neurons are positive on the data; the output hardly hears the first, whose row is longer.
  const nn::Model model{
      {nn::DenseLayer{nn::Matrix{{5}, {1}}, nn::Vector{{10, 10}}, nn::Activation::relu},
       nn::DenseLayer{nn::Matrix{{0.01F, 1}}, nn::Vector{{0}}, {}}}};
  const nn::Dataset data = noise(1, 1);
  nn::Model taylor = prune(model, data, "taylor", 0.5);
  nn::Model l2 = prune(model, data, "l2", 0.5);
  CHECK(dense(taylor, 0).weights == nn::Matrix{{1}});
  CHECK(dense(l2, 0).weights == nn::Matrix{{5}});
}

TEST_CASE("the taylor score is what the loss changes without the neuron, where it is linear") {
  // For the MSE of one output the first order is |2 (y - t) w a|; computed here by hand.
  const nn::Model model{
      {nn::DenseLayer{nn::Matrix{{1}, {2}, {3}}, nn::Vector{{0, -1, 0}}, nn::Activation::relu},
       nn::DenseLayer{nn::Matrix{{1, 3, -0.5F}}, nn::Vector{{0}}, {}}}};
  // x = 1: a = 1, 1, 3, |w a| = 1, 3, 1.5; x = -1: all dead.
  const nn::Dataset data{nn::Matrix{{1}, {-1}}, nn::Matrix{{0}, {5}}, nn::Task::regression, {}};
  nn::Model two = prune(model, data, "taylor", 0.34);
  CHECK(dense(two, 0).weights == nn::Matrix{{2}, {3}});
  nn::Model one = prune(model, data, "taylor", 0.67);
  CHECK(dense(one, 0).weights == nn::Matrix{{2}});
  CHECK(dense(one, 1).bias[0] == doctest::Approx(0.5 * (1 - 1.5)));  // half the samples are dead
}

TEST_CASE("taylor sees through a saturated tanh that a neuron's effect ends there") {
  // The first neuron feeds, with the larger weight, a tanh that is 1 whatever it does.
  const nn::Model model{
      {nn::DenseLayer{nn::Matrix{{1}, {1}}, nn::Vector{{3, 4}}, nn::Activation::relu},
       nn::DenseLayer{nn::Matrix{{9, 0}, {0, 0.1F}}, nn::Vector{{0, 0}}, nn::Activation::tanh},
       nn::DenseLayer{nn::Matrix{{1, 1}}, nn::Vector{{0}}, {}}}};
  const nn::Dataset data = noise(1, 1);
  nn::Model pruned = prune(model, data, "taylor", 0.5);
  REQUIRE(dense(pruned, 0).weights.rows() == 1);
  CHECK(dense(pruned, 0).bias[0] == 4);
}

TEST_CASE("neuron_prune rounds widths up to a multiple, and never to nothing") {
  const nn::Model model = tests::random_model({3, 30, 3, 4, 2}, 1);
  const auto widths = [&](double sparsity, std::int64_t multiple) {
    nn::Model pruned = prune(model, noise(3, 2), "l2", sparsity, multiple);
    return std::vector<Index>{dense(pruned, 0).weights.rows(), dense(pruned, 1).weights.rows(),
                              dense(pruned, 2).weights.rows()};
  };
  CHECK(widths(0.5, 4) == std::vector<Index>{16, 1, 4});
  CHECK(widths(0.6, 4) == std::vector<Index>{12, 1, 4});
  CHECK(widths(0, 4) == std::vector<Index>{30, 3, 4});
  CHECK(widths(1, 4) == std::vector<Index>{4, 1, 4});
  CHECK(widths(1, 1) == std::vector<Index>{1, 1, 1});
}

TEST_CASE("neuron_prune trains what is left, and has nothing to do without hidden layers") {
  const nn::Dataset data = noise(3, 2);
  const auto loss = [&](const nn::Model& model) {
    return (nn::forward(model, data.inputs) - data.targets).squaredNorm();
  };
  const nn::Model model = tests::random_model({3, 16, 2}, 1);
  CHECK(loss(prune(model, data, "taylor", 0.5, 4, 50)) <
        loss(prune(model, data, "taylor", 0.5, 4)));
  nn::Model line = tests::random_model({3, 2}, 1);
  const nn::Model same = prune(line, data, "taylor", 0.5);
  CHECK(std::get<nn::DenseLayer>(same.layers[0]).weights == dense(line, 0).weights);
}
