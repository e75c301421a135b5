#include <doctest/doctest.h>

#include <cmath>

#include "compress/pass.h"
#include "tests/helpers.h"

using namespace pare;
using nn::Index;
using Values = compress::Options::Values;

namespace {

nn::Model prune(const nn::Model& model, const nn::Dataset& data, Values values, bool scaled = true,
                int epochs = 0) {
  values.emplace("epochs", compress::OptionValue{std::int64_t{epochs}, ""});
  nn::TrainOptions training;
  training.scale_inputs = scaled;
  const auto step = compress::make_step("magnitude_prune", std::move(values));
  return compress::run({step}, model, {data, data, training, 7, {}}).model;
}

const nn::Matrix& weights(const nn::Model& model, std::size_t layer) {
  return std::get<nn::DenseLayer>(model.layers[layer]).weights;
}

Index zeros(const nn::Model& model, std::size_t layer) {
  return (weights(model, layer).array() == 0).count();
}

nn::Dataset noise(Index features, Index outputs) {
  return {tests::random_matrix(60, features, 1),
          tests::random_matrix(60, outputs, 2),
          nn::Task::regression,
          {}};
}

Values with(const char* scope, double sparsity) {
  return {{"scope", {std::string(scope), ""}}, {"sparsity", {sparsity, ""}}};
}

}  // namespace

TEST_CASE("magnitude_prune does not depend on the units of the inputs") {
  nn::Model model = tests::random_model({6, 8, 2}, 1);
  nn::Dataset data = noise(6, 2);
  const nn::Model before = prune(model, data, with("global", 0.5));
  for (Index i = 0; i < 6; ++i) {
    const float unit = std::ldexp(1.0F, static_cast<int>(4 * i) - 10);
    data.inputs.col(i) *= unit;
    std::get<nn::DenseLayer>(model.layers[0]).weights.col(i) /= unit;
  }
  const auto zero = [](const nn::Matrix& matrix) { return (matrix.array() == 0).eval(); };
  const nn::Model after = prune(model, data, with("global", 0.5));
  CHECK((zero(weights(before, 0)) == zero(weights(after, 0))).all());
  CHECK((zero(weights(before, 1)) == zero(weights(after, 1))).all());
  const nn::Model raw = prune(model, data, with("global", 0.5), false);  // nothing to undo
  CHECK_FALSE((zero(weights(before, 0)) == zero(weights(raw, 0))).all());
}

TEST_CASE("magnitude_prune in global scope leaves weights in a layer of the smallest") {
  nn::Model model = tests::random_model({6, 20, 2}, 1);
  std::get<nn::DenseLayer>(model.layers[1]).weights *= 1e-6F;
  const nn::Model pruned = prune(model, noise(6, 2), with("global", 0.5));
  CHECK(zeros(pruned, 1) == 38);  // of 40: a tenth of the 20 that layer scope leaves
  CHECK(zeros(pruned, 0) == 42);  // 80 of 160 in all
}

TEST_CASE("magnitude_prune of everything still leaves one weight in each layer") {
  const nn::Model model = tests::random_model({3, 5, 2}, 1);
  for (const char* scope : {"layer", "global"}) {
    const nn::Model pruned = prune(model, noise(3, 2), with(scope, 1));
    CHECK(zeros(pruned, 0) == 14);
    CHECK(zeros(pruned, 1) == 9);
  }
}

TEST_CASE("magnitude_prune by either schedule ends at its sparsity") {
  const nn::Model model = tests::random_model({6, 8, 2}, 1);
  for (const char* schedule : {"geometric", "cubic"}) {
    const Values values{{"schedule", {std::string(schedule), ""}},
                        {"sparsity", {0.75, ""}},
                        {"steps", {std::int64_t{5}, ""}}};
    CHECK(zeros(prune(model, noise(6, 2), values, true, 2), 0) == 36);
  }
}

TEST_CASE("with rewind the last training starts from the given weights that are left") {
  const nn::Model given = tests::random_model({6, 8, 2}, 1);
  const nn::Dataset data = noise(6, 2);
  for (const bool rewind : {true, false}) {
    const nn::Model pruned =
        prune(given, data, {{"steps", {std::int64_t{2}, ""}}, {"rewind", {rewind, ""}}}, true, 30);
    nn::Model ticket = given;
    for (std::size_t i = 0; i < 2; ++i) {
      auto& matrix = std::get<nn::DenseLayer>(ticket.layers[i]).weights;
      matrix.array() *= (weights(pruned, i).array() != 0).cast<float>();
    }
    nn::TrainOptions training;
    training.epochs = 30;
    const nn::Model expected =
        nn::train(ticket, data, training, nn::derive_seed(7, nn::Stream::retraining, 2),
                  {.objective = {}, .view = nn::keep_zeros(ticket), .on_epoch = {}});
    CHECK((weights(pruned, 0) == weights(expected, 0)) == rewind);
    CHECK((weights(pruned, 1) == weights(expected, 1)) == rewind);
  }
}

TEST_CASE("a rewind that would change nothing is refused") {
  CHECK_THROWS_WITH(compress::make_step("magnitude_prune", {{"rewind", {true, "a.toml:2:1"}}}),
                    "a.toml:2:1: rewind needs steps of at least 2 and epochs of at least 1");
}
