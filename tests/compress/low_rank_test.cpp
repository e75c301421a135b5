#include <doctest/doctest.h>

#include "compress/pass.h"
#include "nn/forward.h"
#include "tests/helpers.h"

using namespace pare;
using compress::make_step;
using Values = compress::Options::Values;

namespace {

const nn::DenseLayer& dense(const nn::Model& model, std::size_t layer) {
  return std::get<nn::DenseLayer>(model.layers[layer]);
}

nn::Model low_rank(const nn::Model& model, Values values) {
  values.try_emplace("epochs", compress::OptionValue{std::int64_t{0}, ""});
  const nn::Dataset data{tests::random_matrix(64, nn::input_count(model), 2),
                         tests::random_matrix(64, nn::output_count(model), 3),
                         nn::Task::regression,
                         {}};
  return compress::run({make_step("low_rank", std::move(values))}, model, {data, data, {}, 7, {}})
      .model;
}

/// One layer, [8, 8], of the singular values 4, 2, 1 and five zeros: squares 16 + 4 + 1 = 21.
nn::Model known_singular_values() {
  nn::DenseLayer layer{nn::Matrix::Zero(8, 8), nn::Vector::LinSpaced(8, -1, 1),
                       nn::Activation::relu};
  layer.weights(5, 2) = -4;
  layer.weights(0, 7) = 2;
  layer.weights(3, 3) = 1;
  return {{layer}};
}

}  // namespace

TEST_CASE("low_rank keeps the energy that is asked for") {
  const auto rank = [](double energy) {
    const nn::Model model = low_rank(known_singular_values(), {{"energy", {energy, ""}}});
    REQUIRE(model.layers.size() == 2);
    return nn::output_count(model.layers[0]);
  };
  CHECK(rank(0) == 1);
  CHECK(rank(0.76) == 1);  // 16 / 21 = 0.762
  CHECK(rank(0.77) == 2);
  CHECK(rank(0.95) == 2);  // 20 / 21 = 0.952
  CHECK(rank(0.96) == 3);
}

TEST_CASE("low_rank keeps the largest singular values, and the bias and activation after them") {
  const nn::Model model = low_rank(known_singular_values(), {{"rank", {0.25, ""}}});
  REQUIRE(model.layers.size() == 2);
  const nn::Matrix product = dense(model, 1).weights * dense(model, 0).weights;
  nn::Matrix expected = nn::Matrix::Zero(8, 8);
  expected(5, 2) = -4;
  expected(0, 7) = 2;
  CHECK((product - expected).cwiseAbs().maxCoeff() < 1e-6F);
  CHECK(dense(model, 0).bias == nn::Vector::Zero(2));
  CHECK(dense(model, 0).activation == nn::Activation::identity);
  CHECK(dense(model, 1).bias.isApprox(nn::Vector::LinSpaced(8, -1, 1)));
  CHECK(dense(model, 1).activation == nn::Activation::relu);
}

TEST_CASE("low_rank at the matrix's own rank leaves the function as it was") {
  const nn::Model before{
      {nn::DenseLayer{tests::random_matrix(12, 3, 4) * tests::random_matrix(3, 20, 5),
                      tests::random_matrix(12, 1, 6), nn::Activation::relu}}};
  const nn::Model after = low_rank(before, {{"rank", {0.25, ""}}});  // 3 of 12
  REQUIRE(after.layers.size() == 2);
  CHECK(nn::parameter_count(after) < nn::parameter_count(before));
  const nn::Matrix inputs = tests::random_matrix(50, 20, 8);
  CHECK((nn::forward(after, inputs) - nn::forward(before, inputs)).cwiseAbs().maxCoeff() < 3e-6F);
}

TEST_CASE("low_rank splits a layer only where that saves parameters") {
  const nn::Model before = tests::random_model({8, 8, 8}, 1);
  const nn::Model whole = low_rank(before, {{"rank", {1.0, ""}}});
  REQUIRE(whole.layers.size() == 2);
  CHECK(dense(whole, 0).weights == dense(before, 0).weights);
  // Rank 4 would take 4 * (8 + 1 + 8) = 68 parameters in place of 64, rank 3 takes 51.
  CHECK(low_rank(before, {{"rank", {0.5, ""}}}).layers.size() == 2);
  CHECK(low_rank(before, {{"rank", {0.375, ""}}}).layers.size() == 4);
}

TEST_CASE("low_rank's fine-tuning lowers the error that the lost rank made") {
  const nn::Split data = nn::make_sine({}, 1);
  nn::TrainOptions training;
  training.epochs = 300;
  training.learning_rate = 0.02;
  const compress::Context context{data.train, data.validation, training, 7, {}};
  const nn::Model base = nn::train_new({16, 16}, nn::Activation::relu, data.train, training, 1);
  const auto squares = [&](std::int64_t epochs) {
    const Values values{{"epochs", {epochs, ""}}, {"rank", {0.125, ""}}};
    const nn::Model model = compress::run({make_step("low_rank", values)}, base, context).model;
    return (nn::forward(model, data.validation.inputs) - data.validation.targets).squaredNorm();
  };
  CHECK(squares(100) < 0.002F * squares(0));
}

TEST_CASE("low_rank takes rank or energy, not both") {
  CHECK_THROWS_WITH(make_step("low_rank", {{"rank", {0.5, ""}}, {"energy", {0.5, "a.toml:2:1"}}}),
                    "a.toml:2:1: energy and rank exclude each other; give one");
}
