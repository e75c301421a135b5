#include <doctest/doctest.h>

#include "compress/pass.h"
#include "tests/helpers.h"

using namespace pare;
using nn::Index;

namespace {

nn::Dataset noise(Index features) {
  return {tests::random_matrix(40, features, 1), nn::Matrix::Ones(40, 1), nn::Task::regression, {}};
}

nn::Matrix prune(const nn::Matrix& weights, std::int64_t n, std::int64_t m, int epochs = 0,
                 float first_unit = 1) {
  nn::Dataset data = noise(weights.cols());
  data.inputs.col(0) *= first_unit;
  nn::TrainOptions training;
  training.scale_inputs = first_unit != 1;
  const nn::Model model{{nn::DenseLayer{weights, nn::Vector::Zero(weights.rows()), {}}}};
  const auto step = compress::make_step(
      "nm_prune", {{"n", {n, ""}}, {"m", {m, ""}}, {"epochs", {std::int64_t{epochs}, ""}}});
  return std::get<nn::DenseLayer>(
             compress::run({step}, model, {data, data, training, 7, {}}).model.layers[0])
      .weights;
}

}  // namespace

TEST_CASE("nm_prune keeps the n largest of each m consecutive weights") {
  CHECK(prune(nn::Matrix{{1, -4, 3, 2, 9, 8, 7, -6}, {0, 1, 0, 0, 5, 5, 5, 5}}, 2, 4) ==
        nn::Matrix{{0, -4, 3, 0, 9, 8, 0, 0}, {0, 1, 0, 0, 5, 5, 0, 0}});
  CHECK(prune(nn::Matrix{{1, -4, 3, 2, 9, 8}}, 1, 3) == nn::Matrix{{0, -4, 0, 0, 9, 0}});
}

TEST_CASE("nm_prune keeps n / m of a shorter last group, rounded up") {
  CHECK(prune(nn::Matrix{{1, 2, 3, 4, 5}}, 2, 4) == nn::Matrix{{0, 0, 3, 4, 5}});
  CHECK(prune(nn::Matrix{{1, 2, 3, 4, 5, 6}}, 2, 4) == nn::Matrix{{0, 0, 3, 4, 0, 6}});
  CHECK(prune(nn::Matrix{{1, 2, 3, 4, 5, 6, 7}}, 2, 4) == nn::Matrix{{0, 0, 3, 4, 0, 6, 7}});
  CHECK(prune(nn::Matrix{{2}}, 2, 4) == nn::Matrix{{2}});
  CHECK(prune(nn::Matrix{{1, 2, 3}}, 1, 8) == nn::Matrix{{0, 0, 3}});
}

TEST_CASE("nm_prune keeps its pattern while it trains") {
  const nn::Matrix before{{1, -4, 3, 2, 9, 8, 7, -6}};
  const nn::Matrix after = prune(before, 2, 4, 5);
  const nn::Matrix pattern{{0, 1, 1, 0, 1, 1, 0, 0}};
  CHECK((after.array() != 0).cast<float>().matrix() == pattern);
  CHECK(after(0, 1) != -4);
}

TEST_CASE("nm_prune ranks the weights of the first layer as training sees them") {
  const nn::Matrix kept = prune(nn::Matrix{{0.1F, 3, 2, 1}}, 2, 4, 0, 1024);  // 0.1 is about 100
  CHECK((kept.array() != 0).cast<float>().matrix() == nn::Matrix{{1, 1, 0, 0}});
}

TEST_CASE("nm_prune ranks weights under the scaling that its own options say it trains under") {
  const nn::Model model{{nn::DenseLayer{nn::Matrix{{0.1F, 3, 2, 1}}, nn::Vector::Zero(1), {}}}};
  nn::Dataset data{nn::Matrix::Zero(2, 4), nn::Matrix::Zero(2, 1), nn::Task::regression, {}};
  data.inputs.row(1) << 2000, 2, 2, 2;
  for (const bool scaled : {false, true}) {
    nn::TrainOptions other;
    other.scale_inputs = !scaled;
    const compress::Step step = compress::make_step(
        "nm_prune", {{"epochs", {std::int64_t{0}, ""}}, {"scale_inputs", {scaled, ""}}});
    const nn::Model pruned = compress::run({step}, model, {data, data, other, 7, {}}).model;
    const nn::Matrix& weights = std::get<nn::DenseLayer>(pruned.layers[0]).weights;
    CHECK(weights == (scaled ? nn::Matrix{{0.1F, 3, 0, 0}} : nn::Matrix{{0, 3, 2, 0}}));
  }
}

TEST_CASE("nm_prune refuses a group that would keep everything") {
  CHECK_THROWS_WITH(compress::make_step("nm_prune", {{"n", {std::int64_t{4}, "a.toml:2:1"}},
                                                     {"m", {std::int64_t{4}, ""}}}),
                    "a.toml:2:1: n = 4 must be less than m = 4");
}
