#include <doctest/doctest.h>

#include <Eigen/Core>
#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "compress/linear_algebra.h"
#include "compress/optimal_brain_surgeon.h"
#include "compress/pass.h"
#include "nn/forward.h"
#include "tests/helpers.h"

using namespace pare;
using compress::cholesky;
using compress::compensate;
using compress::remove_all;
using compress::solve;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using nn::Index;

namespace {

/// A positive definite H whose last input is constant, and a row of weights with its bias.
struct Quadratic {
  MatrixXd hessian;
  VectorXd weights;

  explicit Quadratic(Index n, std::uint64_t seed) {
    MatrixXd x = tests::random_matrix(4 * n, n, seed).cast<double>();
    x.col(0) += 0.8 * x.col(1);  // inputs that can stand in for one another
    x.rightCols(1).setOnes();
    hessian = x.transpose() * x / static_cast<double>(4 * n);
    weights = tests::random_matrix(n, 1, seed + 1).cast<double>();
  }
  double error(const VectorXd& w) const { return (w - weights).dot(hessian * (w - weights)); }
};

std::vector<Index> others(Index n, const std::vector<Index>& removed) {
  std::vector<Index> kept;
  for (Index i = 0; i < n; ++i) {
    if (std::find(removed.begin(), removed.end(), i) == removed.end()) kept.push_back(i);
  }
  return kept;
}

MatrixXd inverse(const MatrixXd& matrix) {
  return solve(cholesky(matrix), MatrixXd::Identity(matrix.rows(), matrix.cols()));
}

/// The least squares under w_p = 0 for all `removed`: the normal equations of the weights kept.
VectorXd constrained(const Quadratic& problem, const std::vector<Index>& removed) {
  const std::vector<Index> kept = others(problem.weights.size(), removed);
  const VectorXd right = problem.hessian * problem.weights;
  VectorXd result = VectorXd::Zero(right.size());
  result(kept) = solve(cholesky(problem.hessian(kept, kept)), right(kept));
  return result;
}

nn::Dataset unlabelled(nn::Matrix inputs, Index outputs) {
  nn::Matrix none =
      nn::Matrix::Constant(inputs.rows(), outputs, std::numeric_limits<float>::quiet_NaN());
  return {std::move(inputs), std::move(none), nn::Task::regression, {}};
}

nn::Model obs(const nn::Model& model, const nn::Matrix& inputs, double sparsity,
              const char* scope = "layer", double damping = 1e-6) {
  const nn::Dataset data = unlabelled(inputs, nn::output_count(model));
  const auto step = compress::make_step("obs_prune", {{"sparsity", {sparsity, ""}},
                                                      {"scope", {std::string(scope), ""}},
                                                      {"damping", {damping, ""}}});
  return compress::run({step}, model, {data, data, {}, 7, {}}).model;
}

const nn::DenseLayer& dense(const nn::Model& model, std::size_t layer) {
  return std::get<nn::DenseLayer>(model.layers[layer]);
}

double mean_square(const nn::Matrix& values) {
  return static_cast<double>(values.squaredNorm() / static_cast<float>(values.size()));
}

}  // namespace

TEST_CASE("the first weight removed is the one whose constrained least squares is least") {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    const Quadratic problem(6, seed);
    const auto removals = remove_all(problem.weights, inverse(problem.hessian));
    double least = std::numeric_limits<double>::infinity();
    Index best = -1;
    for (Index p = 0; p < 5; ++p) {  // never the bias
      const double error = problem.error(constrained(problem, {p}));
      if (error < least) {
        least = error;
        best = p;
      }
    }
    CHECK(removals.order[0] == best);
    CHECK(removals.costs[0] == doctest::Approx(least));
  }
}

TEST_CASE("the costs add up to the error of the constrained least squares, over many blocks too") {
  const Quadratic problem(75, 5);
  const auto removals = remove_all(problem.weights, inverse(problem.hessian));
  REQUIRE(removals.order.size() == 74);
  for (const std::ptrdiff_t count : {1, 31, 32, 33, 50, 74}) {
    const std::vector<Index> removed(removals.order.begin(), removals.order.begin() + count);
    const VectorXd exact = constrained(problem, removed);
    const VectorXd ours = compensate(problem.hessian, problem.weights, others(75, removed));
    CHECK((ours - exact).norm() < 1e-11 * exact.norm());
    for (const Index p : removed) CHECK(ours[p] == 0);
    CHECK(std::accumulate(removals.costs.begin(), removals.costs.begin() + count, 0.0) ==
          doctest::Approx(problem.error(exact)));
  }
}

TEST_CASE("removing one by one comes near the best of all choices, found by trying them all") {
  double ours = 0;
  double best = 0;
  double magnitude = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Quadratic problem(9, 10 * seed);
    const auto removals = remove_all(problem.weights, inverse(problem.hessian));
    ours += std::accumulate(removals.costs.begin(), removals.costs.begin() + 4, 0.0);
    double least = std::numeric_limits<double>::infinity();
    for (unsigned bits = 0; bits < 256; ++bits) {
      if (std::popcount(bits) != 4) continue;
      std::vector<Index> removed;
      for (Index i = 0; i < 8; ++i) {
        if ((bits >> i & 1U) != 0) removed.push_back(i);
      }
      least = std::min(least, problem.error(constrained(problem, removed)));
    }
    best += least;
    std::vector<Index> order{0, 1, 2, 3, 4, 5, 6, 7};
    std::sort(order.begin(), order.end(), [&](Index a, Index b) {
      return std::abs(problem.weights[a]) < std::abs(problem.weights[b]);
    });
    order.resize(4);
    VectorXd pruned = problem.weights;
    pruned(order).setZero();
    magnitude += problem.error(pruned);
  }
  CHECK(ours >= best);
  CHECK(ours < 1.1 * best);
  CHECK(magnitude > 1.4 * best);
}

TEST_CASE("weights to remove first go first and cost nothing") {
  const Quadratic problem(8, 3);
  const auto removals = remove_all(problem.weights, inverse(problem.hessian), {6, 2});
  CHECK(std::vector<Index>(removals.order.begin(), removals.order.begin() + 2) ==
        std::vector<Index>{2, 6});
  CHECK(removals.costs[0] == 0);
  CHECK(removals.costs[1] == 0);
  CHECK(removals.costs[2] > 0);
}

TEST_CASE("obs_prune lets a weight take over from an equal input, and the bias from a constant") {
  nn::Matrix inputs = tests::random_matrix(100, 4, 1);
  inputs.col(1) = inputs.col(0);
  inputs.col(3).setConstant(5);
  const nn::Model model{{nn::DenseLayer{nn::Matrix{{1, 2, 0.5F, -3}}, nn::Vector{{1}}, {}}}};
  const nn::Model pruned = obs(model, inputs, 0.5);
  const nn::DenseLayer& layer = dense(pruned, 0);
  CHECK(layer.weights.row(0).head(2).sum() == doctest::Approx(3).epsilon(1e-4));
  CHECK((layer.weights(0, 0) == 0) != (layer.weights(0, 1) == 0));
  CHECK(layer.weights(0, 2) == doctest::Approx(0.5).epsilon(1e-4));
  CHECK(layer.weights(0, 3) == 0);
  CHECK(layer.bias[0] == doctest::Approx(-14).epsilon(1e-4));
}

TEST_CASE("obs_prune makes up in one layer for what the layers before it lost") {
  const nn::Model model{
      {nn::DenseLayer{nn::Matrix{{1}, {0.1F}}, nn::Vector{{2, 2}}, nn::Activation::relu},
       nn::DenseLayer{nn::Matrix{{1, 1}}, nn::Vector{{0}}, {}}}};
  const nn::Matrix inputs = tests::random_matrix(100, 1, 1);  // y = 1.1 x + 4
  const nn::Model pruned = obs(model, inputs, 0.5);
  CHECK(dense(pruned, 0).weights(1, 0) == 0);
  CHECK(nn::nonzero_count(pruned) == 5);
  CHECK((nn::forward(pruned, inputs) - nn::forward(model, inputs)).cwiseAbs().maxCoeff() < 5e-6F);
}

TEST_CASE("obs_prune reaches its sparsity in every layer, or over all, and keeps zeros") {
  nn::Model model = tests::random_model({12, 10, 8, 3}, 1);
  auto& second = std::get<nn::DenseLayer>(model.layers[1]).weights;
  second.leftCols(7).setZero();
  const nn::Matrix inputs = tests::random_matrix(200, 12, 2);
  const nn::Model by_layer = obs(model, inputs, 0.6);
  CHECK((dense(by_layer, 0).weights.array() == 0).count() == 72);
  CHECK((dense(by_layer, 2).weights.array() == 0).count() == 14);
  CHECK(dense(by_layer, 1).weights.leftCols(7).isZero(0));
  CHECK((dense(by_layer, 1).weights.array() == 0).count() == 56);  // more than 60 % of 80
  const nn::Model global = obs(model, inputs, 0.7, "global");
  Index zeros = 0;
  for (std::size_t i = 0; i < 3; ++i) zeros += (dense(global, i).weights.array() == 0).count();
  CHECK(zeros == 157);  // round(0.7 * 224)
}

TEST_CASE("obs_prune loses less than magnitude_prune") {
  const nn::Model model = tests::random_model({12, 16, 3}, 1);
  const nn::Matrix inputs = tests::random_matrix(500, 12, 2);
  const nn::Matrix expected = nn::forward(model, inputs);
  const nn::Dataset data = unlabelled(inputs, 3);
  const auto step = compress::make_step(
      "magnitude_prune", {{"sparsity", {0.5, ""}}, {"epochs", {std::int64_t{0}, ""}}});
  const nn::Model magnitude = compress::run({step}, model, {data, data, {}, 7, {}}).model;
  CHECK(mean_square(nn::forward(obs(model, inputs, 0.5), inputs) - expected) <
        0.25 * mean_square(nn::forward(magnitude, inputs) - expected));
}

TEST_CASE("obs_prune does not depend on the units of the inputs") {
  nn::Model model = tests::random_model({6, 8, 2}, 1);
  nn::Matrix inputs = tests::random_matrix(100, 6, 2);
  const nn::Model before = obs(model, inputs, 0.5, "global", 0.1);
  auto& first = std::get<nn::DenseLayer>(model.layers[0]);
  for (Index i = 0; i < 6; ++i) {
    const float unit = std::ldexp(1.0F, static_cast<int>(4 * i) - 10);
    inputs.col(i) *= unit;
    first.weights.col(i) /= unit;
  }
  const nn::Model after = obs(model, inputs, 0.5, "global", 0.1);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK((dense(before, i).weights.array() == 0).matrix() ==
          (dense(after, i).weights.array() == 0).matrix());
  }
}

TEST_CASE("obs_prune in global scope does not depend on how scale is spread over the layers") {
  nn::Model model = tests::random_model({6, 8, 2}, 1);
  const nn::Matrix inputs = tests::random_matrix(100, 6, 2);
  const nn::Model before = obs(model, inputs, 0.5, "global", 0.01);
  auto& first = std::get<nn::DenseLayer>(model.layers[0]);
  first.weights /= 64;
  first.bias /= 64;
  std::get<nn::DenseLayer>(model.layers[1]).weights *= 64;
  const nn::Model after = obs(model, inputs, 0.5, "global", 0.01);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK((dense(before, i).weights.array() == 0).matrix() ==
          (dense(after, i).weights.array() == 0).matrix());
  }
}
