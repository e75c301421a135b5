#include <doctest/doctest.h>

#include <cmath>

#include "nn/batches.h"
#include "nn/forward.h"
#include "nn/train.h"
#include "tests/helpers.h"

using namespace pare::nn;
using pare::tests::random_matrix;
using pare::tests::random_model;

namespace {

/// y = 20050 + 50 a b over `samples` random points of [-1, 1]^2.
Dataset far_targets(Index samples, std::uint64_t seed) {
  Dataset data{random_matrix(samples, 2, seed), Matrix(samples, 1), Task::regression, {}};
  for (Index i = 0; i < samples; ++i) {
    data.targets(i, 0) = 20050 + 50 * data.inputs(i, 0) * data.inputs(i, 1);
  }
  return data;
}

/// The mean squared error of one output of a model.
double mse(const Model& model, const Dataset& data, Index output) {
  const Matrix outputs = forward(model, data.inputs);
  return (outputs.col(output) - data.targets.col(output)).cast<double>().squaredNorm() /
         static_cast<double>(data.targets.rows());
}

/// A batch of images that hold one white pixel each, at every place in turn; the last place is
/// black in all of them.
Dataset images() {
  Dataset data{Matrix::Zero(4, 6), Matrix::Zero(4, 2), Task::classification, {2, 3}};
  for (Index i = 0; i < 4; ++i) data.inputs(i, i) = static_cast<float>(i + 1);
  data.targets.col(0).setOnes();
  return data;
}

}  // namespace

TEST_CASE("targets are scaled to mean 0 and deviation 1, a constant one to 0") {
  const Dataset data{Matrix::Zero(2, 1), Matrix{{1, 7}, {5, 7}}, Task::regression, {}};
  const TargetScaling scaling = fit_target_scaling(data);
  CHECK(scaling.factor == Eigen::RowVectorXf{{2, 1}});
  CHECK(scaling.offset == Eigen::RowVectorXf{{3, 7}});
  CHECK(scale(scaling, data.targets) == Matrix{{-1, 0}, {1, 0}});
}

TEST_CASE("the targets of a classification are not scaled") {
  const TargetScaling scaling = fit_target_scaling(images());
  CHECK(scaling.factor == Eigen::RowVectorXf{{1, 1}});
  CHECK(scaling.offset == Eigen::RowVectorXf{{0, 0}});
}

TEST_CASE(
    "folding the scaling of targets into a layer gives the user's units, unfolding them back") {
  const TargetScaling scaling{Eigen::RowVectorXf{{2, 4}}, Eigen::RowVectorXf{{10, -1}}};
  DenseLayer layer{Matrix{{1, 2}, {3, 4}}, Vector{{0.5F, 1}}, Activation::identity};
  const DenseLayer before = layer;
  fold(scaling, layer);
  CHECK(layer.weights == Matrix{{2, 4}, {12, 16}});
  CHECK(layer.bias == Vector{{11, 3}});
  unfold(scaling, layer);
  CHECK(layer.weights == before.weights);
  CHECK(layer.bias == before.bias);
}

TEST_CASE("targets far from zero are learnt, in the model's own units") {
  const Dataset train_data = far_targets(300, 1);
  TrainOptions options;
  options.epochs = 200;
  const Model model = train_new({8}, Activation::relu, train_data, options, 1);
  // The variance is 279; a model that gives their mean has that error.
  CHECK(mse(model, far_targets(200, 2), 0) < 20);
  options.scale_targets = false;
  CHECK(mse(train_new({8}, Activation::relu, train_data, options, 1), train_data, 0) > 1e6);
}

TEST_CASE("each target is learnt whatever unit it has, and so is what validation keeps") {
  Dataset data = far_targets(300, 3);
  data.targets.conservativeResize(Eigen::NoChange, 2);
  data.targets.col(1) = 1e-3F * data.inputs.col(0).array().square().matrix();
  Dataset other = far_targets(100, 4);
  other.targets.conservativeResize(Eigen::NoChange, 2);
  other.targets.col(1) = 1e-3F * other.inputs.col(0).array().square().matrix();
  TrainOptions options;
  options.epochs = 200;
  options.keep_best = true;
  TrainHooks hooks;
  hooks.validation = &other;
  const Model model = train_new({16}, Activation::relu, data, options, 1, hooks);
  CHECK(mse(model, other, 0) < 20);      // of a variance of 279
  CHECK(mse(model, other, 1) < 0.8e-9);  // of a variance of 9e-8
}

TEST_CASE("the unit of the targets changes nothing of what is learnt") {
  const Dataset plain = make_sine({}, 1).train;
  Dataset shifted = plain;
  shifted.targets = (1024 * plain.targets).array() + 4096;  // exact
  TrainOptions options;
  options.epochs = 3;
  const Matrix a = forward(train_new({8}, Activation::tanh, plain, options, 1), plain.inputs);
  const Matrix b = forward(train_new({8}, Activation::tanh, shifted, options, 1), plain.inputs);
  CHECK(((b.array() - 4096) / 1024 - a.array()).abs().maxCoeff() < 2e-5F);
}

TEST_CASE("views see weights, and gradients, in the units of inputs and targets") {
  const Dataset data{
      Matrix{{0, 0}, {4, 1}, {1, 8}}, Matrix{{1000}, {3000}, {2000}}, Task::regression, {}};
  const Model model = random_model({2, 1}, 4);  // one layer is the first and the last
  TrainOptions options;
  options.epochs = 1;
  options.learning_rate = 1e-9;
  bool seen = false;
  TrainHooks hooks;
  hooks.view = [&](std::size_t, Matrix& weights) {
    const Matrix& given = std::get<DenseLayer>(model.layers[0]).weights;
    CHECK((weights - given).cwiseAbs().maxCoeff() < 1e-5F);
    seen = true;
  };
  Matrix gradient;
  hooks.gradient_view = [&](std::size_t, const ConstMatrixRef& weights, MatrixRef found, double) {
    CHECK((weights - std::get<DenseLayer>(model.layers[0]).weights).cwiseAbs().maxCoeff() < 1e-5F);
    gradient = found;
  };
  train(model, data, options, 1, hooks);
  CHECK(seen);
  // d/dw of mean(((y - t) / s)^2) with s^2 the variance of t, from the outputs in the user's units.
  const Matrix errors = forward(model, data.inputs) - data.targets;
  const double variance = 1e6 * 2 / 3;
  for (Index i = 0; i < 2; ++i) {
    // Training's inputs are centred, so the bias takes a share of the gradient of the weights.
    const double middle = i == 0 ? 2 : 4;
    double expected = 0;
    for (Index k = 0; k < 3; ++k) {
      expected += 2.0 / 3 * static_cast<double>(errors(k, 0)) *
                  (static_cast<double>(data.inputs(k, i)) - middle) / variance;
    }
    CHECK(static_cast<double>(gradient(0, i)) == doctest::Approx(expected).epsilon(1e-4));
  }
}

TEST_CASE("scaling targets needs a linear last layer") {
  Model model = random_model({1, 2, 1}, 1);
  std::get<DenseLayer>(model.layers[1]).activation = Activation::relu;
  CHECK_THROWS_WITH(train(model, make_sine({}, 1).train, {}, 1),
                    "scale_targets needs a last layer without an activation");
}

TEST_CASE("the pixels of images are scaled alike, features each by their own range") {
  Dataset data = images();
  const InputScaling one = fit_input_scaling(data);
  CHECK(one.factor == Eigen::RowVectorXf::Constant(6, 0.5F));
  CHECK(one.offset == Eigen::RowVectorXf::Constant(6, -1));
  data.image = {};
  const InputScaling many = fit_input_scaling(data);
  CHECK(many.factor == Eigen::RowVectorXf{{2, 1, 2.0F / 3, 0.5F, 1, 1}});
  CHECK(many.offset == Eigen::RowVectorXf{{-1, -1, -1, -1, 0, 0}});
}

TEST_CASE("a shifted image keeps its values where inputs are scaled") {
  const Dataset data = images();
  const InputScaling scaling = fit_input_scaling(data);
  const Matrix scaled = scale(scaling, data.inputs);
  TrainOptions options;
  options.shift = 1;
  Batches batches(scaled, data.targets, data.image, scaling.offset, options, 1);
  for (int epoch = 0; epoch < 10; ++epoch) {
    batches.shuffle();
    const Batch batch = batches.gather(0);
    for (Index i = 0; i < batch.inputs.rows(); ++i) {
      const auto white = static_cast<float>(batch.rows[static_cast<std::size_t>(i)] + 1);
      for (Index k = 0; k < 6; ++k) {
        const float pixel = (batch.inputs(i, k) + 1) / 0.5F;
        CHECK((pixel == 0 || pixel == white));
      }
    }
  }
}

TEST_CASE("a training that diverged is called that, whether its loss is finite or not") {
  Dataset data{random_matrix(60, 3, 5), Matrix::Zero(60, 2), Task::classification, {}};
  for (Index i = 0; i < 60; ++i) data.targets(i, data.inputs(i, 0) > 0 ? 1 : 0) = 1;
  TrainOptions options;
  options.epochs = 30;
  options.optimizer = OptimizerKind::sgd;
  options.learning_rate = 0.1;
  CHECK(prediction_error(train_new({8}, Activation::relu, data, options, 1), data) < 0.1);
  options.learning_rate = 100;
  const auto diverged = [&](Activation activation) -> std::string {
    try {
      train_new({8}, activation, data, options, 1);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "it trained";
  };
  const std::string finite = diverged(Activation::relu);
  CAPTURE(finite);
  CHECK(finite.starts_with("training diverged: the loss grew from 0."));
  CHECK(finite.ends_with("; the answer 0 has 0.693; lower learning_rate = 100"));
  const std::string infinite = diverged(Activation::identity);
  CAPTURE(infinite);
  CHECK(infinite.starts_with("training diverged: the loss "));
}

TEST_CASE("a training that begins far off is not called diverged for that") {
  Dataset data = far_targets(100, 1);
  TrainOptions options;
  options.epochs = 1;
  options.scale_inputs = false;
  data.inputs *= 1e4F;
  CHECK_NOTHROW(train_new({8}, Activation::relu, data, options, 1));
}
