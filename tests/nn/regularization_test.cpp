#include <doctest/doctest.h>

#include <vector>

#include "nn/backpropagation.h"
#include "nn/forward.h"
#include "nn/product.h"
#include "nn/team.h"
#include "tests/helpers.h"

using namespace pare::nn;

TEST_CASE("dropout keeps the mean of what it drops from, and drops its share") {
  // One hidden neuron that is always 1: the output is what dropout made of it.
  Model model{{DenseLayer{Matrix{{0}}, Vector{{1}}, Activation::relu},
               DenseLayer{Matrix{{1}}, Vector{{0}}, Activation::identity}}};
  const Matrix inputs = Matrix::Zero(4000, 1);
  const Matrix padded = pad(inputs);
  Team team(1);
  Backpropagation network(model, 4000, {}, {0.3, 5}, team);
  Matrix outputs;
  const Batch batch{padded.leftCols(1), inputs, {}};
  network.compute_gradient(batch, [&](const ConstMatrixRef& out, const Batch&, MatrixRef gradient) {
    outputs = out;
    gradient.setOnes();
    return 0.0;
  });
  const auto dropped = static_cast<double>((outputs.array() == 0).count());
  CHECK(dropped / 4000 == doctest::Approx(0.3).epsilon(0.08));
  CHECK(static_cast<double>(outputs.mean()) == doctest::Approx(1).epsilon(0.04));
  // What was dropped passes no gradient: the bias of the hidden neuron gathers the others' scale.
  CHECK(static_cast<double>(network.gradient()[padded_columns(1)]) ==
        doctest::Approx(static_cast<double>(outputs.sum())).epsilon(1e-3));
}

TEST_CASE("without dropout nothing is dropped") {
  const Model model = pare::tests::random_model({2, 6, 1}, 3);
  const Matrix inputs = pare::tests::random_matrix(5, 2, 4);
  const Matrix padded = pad(inputs);
  Team team(1);
  Backpropagation network(model, 5, {}, {}, team);
  const Batch batch{padded.leftCols(2), Matrix::Zero(5, 1), {}};
  Matrix outputs;
  network.compute_gradient(batch, [&](const ConstMatrixRef& out, const Batch&, MatrixRef gradient) {
    outputs = out;
    gradient.setZero();
    return 0.0;
  });
  CHECK(outputs.isApprox(forward(model, inputs)));
}

TEST_CASE("label smoothing bounds how sure a classifier becomes") {
  // One input, one class: without smoothing the loss pushes its probability to 1.
  const Dataset data{Matrix::Ones(8, 1), Matrix{{1, 0}}.replicate(8, 1), Task::classification, {}};
  TrainOptions options;
  options.epochs = 400;
  options.scale_inputs = false;
  const auto probability = [&] {
    const Model model = train_new({4}, Activation::relu, data, options, 1);
    return static_cast<double>(softmax(forward(model, data.inputs))(0, 0));
  };
  CHECK(probability() > 0.99);
  options.label_smoothing = 0.2;
  CHECK(probability() == doctest::Approx(0.9).epsilon(0.01));
}

TEST_CASE("keep_best returns the weights of the best validation error, patience stops the wait") {
  const Split data = make_sine({}, 4);
  TrainOptions options;
  options.epochs = 60;
  options.learning_rate = 0.3;  // so wild that the last epoch is rarely the best
  options.schedule = Schedule::constant;
  std::vector<double> losses;
  const auto train_with = [&](bool keep_best, int patience) {
    losses.clear();
    options.keep_best = keep_best;
    options.patience = patience;
    TrainHooks hooks;
    hooks.validation = &data.validation;
    hooks.on_epoch = [&](int, double loss) { losses.push_back(loss); };
    return prediction_error(train_new({8}, Activation::relu, data.train, options, 2, hooks),
                            data.validation);
  };
  const double last = train_with(false, 0);
  CHECK(losses.size() == 60);
  CHECK(train_with(true, 0) < last);
  CHECK(losses.size() == 60);
  train_with(true, 3);
  CHECK(losses.size() < 60);
}

TEST_CASE("the prediction error is the mean squared error, or the fraction of wrong classes") {
  const Model identity{{DenseLayer{Matrix{{1, 0}, {0, 1}}, Vector{{0, 0}}, {}}}};
  const Matrix inputs{{1, 0}, {0, 1}, {3, 2}, {2, 3}};
  const Matrix targets{{1, 0}, {1, 0}, {1, 0}, {0, 1}};
  CHECK(prediction_error(identity, {inputs, targets, Task::classification, {}}) == 0.25);
  CHECK(prediction_error(identity, {inputs, targets, Task::regression, {}}) ==
        doctest::Approx((0 + 2 + 8 + 8) / 8.0));
}
