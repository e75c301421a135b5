#include <doctest/doctest.h>

#include <set>

#include "compress/pass.h"
#include "nn/forward.h"
#include "tests/helpers.h"

using namespace pare;
using compress::make_step;

namespace {

nn::Model cluster(const nn::Model& model, std::int64_t clusters, std::int64_t epochs,
                  const nn::Dataset& data = nn::make_sine({}, 1).train,
                  nn::TrainOptions training = {}) {
  const compress::Step step =
      make_step("cluster_weights", {{"clusters", {clusters, ""}}, {"epochs", {epochs, ""}}});
  return compress::run({step}, model, {data, data, training, 7, {}}).model;
}

nn::Model one_layer(const nn::Matrix& weights) {
  return {{nn::DenseLayer{weights, nn::Vector::Zero(weights.rows()), {}}}};
}

const nn::Matrix& weights(const nn::Model& model, std::size_t layer) {
  return std::get<nn::DenseLayer>(model.layers[layer]).weights;
}

std::set<float> distinct(const nn::Matrix& matrix) {
  return {matrix.data(), matrix.data() + matrix.size()};
}

}  // namespace

TEST_CASE("cluster_weights finds the k-means of a set made by hand, and leaves zeros alone") {
  // From the centroids 1, 5, 9: {1, 2, 3}, {4}, {8, 9}; then 2, 4, 8.5, halfway between which is 3.
  const nn::Matrix before{{1, 0, 9, 2, 4, 8, 0, 3}};
  const nn::Matrix after{{2, 0, 8.5F, 2, 4, 8.5F, 0, 2}};
  CHECK(weights(cluster(one_layer(before), 3, 0), 0) == after);
}

TEST_CASE("cluster_weights starts from evenly spaced centroids, and keeps an empty cluster") {
  // From 0.5, 5.25, 10: the middle one is nearest to none, so two values are left.
  const nn::Matrix before{{0.5F, 1, 1.5F, 10}};
  CHECK(weights(cluster(one_layer(before), 3, 0), 0) == nn::Matrix{{1, 1, 1, 10}});
  CHECK(weights(cluster(one_layer(before), 1, 0), 0) == nn::Matrix::Constant(1, 4, 3.25F));
}

TEST_CASE("as many clusters as distinct, evenly spaced weights change nothing") {
  const nn::Matrix before{{-2, -1, 0, 1, 2}};
  CHECK(weights(cluster(one_layer(before), 5, 0), 0) == before);
}

TEST_CASE("fine-tuned clusters lower the error, and leave k values and every zero") {
  nn::TrainOptions training;
  training.epochs = 300;
  training.learning_rate = 0.02;
  const nn::Split data = nn::make_sine({}, 1);
  nn::Model base = nn::train_new({16, 16}, nn::Activation::relu, data.train, training, 2);
  std::get<nn::DenseLayer>(base.layers[1]).weights.row(3).setZero();
  training.learning_rate = 0.005;
  const nn::Model snapped = cluster(base, 8, 0, data.train, training);
  const nn::Model tuned = cluster(base, 8, 100, data.train, training);
  for (std::size_t layer = 0; layer < 3; ++layer) {
    CHECK(distinct(weights(tuned, layer)).size() <= (layer == 1 ? 9 : 8));
    CHECK(((weights(tuned, layer).array() == 0) == (weights(base, layer).array() == 0)).all());
  }
  CHECK(distinct(weights(tuned, 1)).size() == 9);  // 8, and 0
  const auto squares = [&](const nn::Model& model) {
    return (nn::forward(model, data.validation.inputs) - data.validation.targets).squaredNorm();
  };
  CHECK(squares(tuned) < 0.01F * squares(snapped));
}

TEST_CASE("with sgd a cluster moves by the rate times the mean of its gradients") {
  // y = 1 x0 + 1 x1 with targets 0, on x = (1, 3): the gradient of y^2 is 2 * 4 * (1, 3), its mean
  // 16; one step at 0.01 takes the shared 1 to 0.84.
  const nn::Dataset data{nn::Matrix{{1, 3}}, nn::Matrix{{0}}, nn::Task::regression, {}};
  nn::TrainOptions training;
  training.optimizer = nn::OptimizerKind::sgd;
  training.learning_rate = 0.01;
  training.schedule = nn::Schedule::constant;
  training.scale_inputs = false;
  const nn::Model after = cluster(one_layer(nn::Matrix{{1, 1}}), 1, 1, data, training);
  CHECK(weights(after, 0)(0, 0) == doctest::Approx(0.84));
  CHECK(weights(after, 0)(0, 1) == weights(after, 0)(0, 0));
}
