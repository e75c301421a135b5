#include "nn/train.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "nn/backpropagation.h"
#include "nn/forward.h"
#include "nn/product.h"
#include "nn/team.h"
#include "tests/helpers.h"

using namespace pare::nn;
using pare::tests::random_matrix;
using pare::tests::random_model;

namespace {

Objective objective_of(Task task) {
  return [task](const ConstMatrixRef& outputs, const Batch& batch, MatrixRef gradient) {
    return loss(task, outputs, batch.targets, gradient);
  };
}

/// Checks every partial derivative against a central difference.
void check_gradient(Task task, const Matrix& targets, Activation hidden = Activation::relu) {
  const Model model = make_mlp({3, 5, 4}, hidden, 11);
  const Matrix inputs = pad(random_matrix(6, 3, 12));
  Team team(1);
  Backpropagation network(model, 6, {}, {}, team);
  const Batch batch{inputs.leftCols(3), targets, {}};
  const Objective objective = objective_of(task);
  network.compute_gradient(batch, objective);
  const Vector gradient = network.gradient();
  for (Index i = 0; i < gradient.size(); ++i) {
    constexpr float kStep = 1e-2F;
    const float kept = network.parameters()[i];
    network.parameters()[i] = kept + kStep;
    const double above = network.compute_gradient(batch, objective);
    network.parameters()[i] = kept - kStep;
    const double below = network.compute_gradient(batch, objective);
    network.parameters()[i] = kept;
    CHECK(static_cast<double>(gradient[i]) ==
          doctest::Approx((above - below) / (2 * static_cast<double>(kStep)))
              .epsilon(0.02)
              .scale(0.05));
  }
}

double validation_mse(std::uint64_t seed) {
  const Split data = make_sine({}, seed);
  TrainOptions options;
  options.epochs = 600;
  options.learning_rate = 0.02;
  const Model model = train_new({16, 16}, Activation::relu, data.train, options, seed);
  return static_cast<double>(
      (forward(model, data.validation.inputs) - data.validation.targets).squaredNorm() / 200);
}

bool same(const Model& a, const Model& b) {
  for (std::size_t i = 0; i < a.layers.size(); ++i) {
    const auto& left = std::get<DenseLayer>(a.layers[i]);
    const auto& right = std::get<DenseLayer>(b.layers[i]);
    if (left.weights != right.weights || left.bias != right.bias) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("the gradient of MSE agrees with finite differences") {
  check_gradient(Task::regression, random_matrix(6, 4, 13));
}

TEST_CASE("the gradient of softmax cross-entropy agrees with finite differences") {
  Matrix targets = random_matrix(6, 4, 14).cwiseAbs();
  targets = targets.array().colwise() / targets.rowwise().sum().array();
  check_gradient(Task::classification, targets);
}

TEST_CASE("the gradient through tanh and sigmoid agrees with finite differences") {
  check_gradient(Task::regression, random_matrix(6, 4, 13), Activation::tanh);
  check_gradient(Task::regression, random_matrix(6, 4, 13), Activation::sigmoid);
}

TEST_CASE("the losses have the values computed by hand") {
  Matrix gradient(1, 2);
  CHECK(mse_loss(Matrix{{1, 4}}, Matrix{{2, 1}}, gradient) == doctest::Approx(5));
  CHECK(gradient == Matrix{{-1, 3}});
  // softmax(0, 0) = (1/2, 1/2): the loss of class 0 is ln 2.
  CHECK(softmax_cross_entropy_loss(Matrix{{0, 0}}, Matrix{{1, 0}}, gradient) ==
        doctest::Approx(0.693147));
  CHECK(gradient == Matrix{{-0.5F, 0.5F}});
}

TEST_CASE("training reaches the sine") {
  std::vector<double> errors;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) errors.push_back(validation_mse(seed));
  std::sort(errors.begin(), errors.end());
  CHECK(errors[2] <= 5e-5);
}

TEST_CASE("the same seed gives the same bytes, another seed others") {
  const Split data = make_sine({}, 3);
  TrainOptions options;
  options.epochs = 5;
  const Model a = train_new({8}, Activation::relu, data.train, options, 3);
  CHECK(same(a, train_new({8}, Activation::relu, data.train, options, 3)));
  CHECK_FALSE(same(a, train_new({8}, Activation::relu, data.train, options, 4)));
}

TEST_CASE("no epochs leave a model as it was, but for the rounding of the scaling") {
  const Split data = make_sine({}, 3);
  TrainOptions options;
  options.epochs = 0;
  const Model before = random_model({1, 8, 1}, 5);
  const Model after = train(before, data.train, options, 3);
  CHECK(
      (forward(after, data.test.inputs) - forward(before, data.test.inputs)).cwiseAbs().maxCoeff() <
      1e-6F);
  options.scale_inputs = false;
  options.scale_targets = false;
  CHECK(same(train(before, data.train, options, 3), before));
}

TEST_CASE("keep_zeros keeps zeros, with scaled inputs too") {
  const Split data = make_sine({}, 3);
  Model model = random_model({1, 8, 1}, 5);
  std::get<DenseLayer>(model.layers[0]).weights(3, 0) = 0;
  std::get<DenseLayer>(model.layers[1]).weights(0, 2) = 0;
  TrainOptions options;
  options.epochs = 3;
  const WeightView view = keep_zeros(model);
  const Model trained = train(model, data.train, options, 1,
                              {.objective = {}, .view = view, .validation = {}, .on_epoch = {}});
  CHECK(std::get<DenseLayer>(trained.layers[0]).weights(3, 0) == 0);
  CHECK(std::get<DenseLayer>(trained.layers[1]).weights(0, 2) == 0);
  CHECK((std::get<DenseLayer>(trained.layers[0]).weights.array() != 0).count() == 7);
}

TEST_CASE("sgd with momentum and a constant rate learns too") {
  const Split data = make_sine({}, 3);
  TrainOptions options;
  options.optimizer = OptimizerKind::sgd;
  options.schedule = Schedule::constant;
  options.learning_rate = 0.02;
  std::vector<double> losses;
  train_new({16}, Activation::relu, data.train, options, 3,
            {.objective = {}, .view = {}, .validation = {}, .on_epoch = [&](int, double loss) {
               losses.push_back(loss);
             }});
  CHECK(losses.size() == 100);
  CHECK(losses.back() < 0.01 * losses.front());
}

TEST_CASE("one step of Adam moves every parameter by the rate, against its gradient's sign") {
  Vector parameters{{1, 2, 3}};
  Team team(1);
  Optimizer adam(OptimizerKind::adam, 0, 0, 3);
  adam.step(parameters, Vector{{0.1F, -5, 0}}, 0.01, team);
  CHECK(parameters[0] == doctest::Approx(0.99));
  CHECK(parameters[1] == doctest::Approx(2.01));
  CHECK(parameters[2] == 3.0F);
}

TEST_CASE("sgd gathers velocity") {
  Vector parameters{{1}};
  Team team(1);
  Optimizer sgd(OptimizerKind::sgd, 0.5, 0, 1);
  sgd.step(parameters, Vector{{1}}, 0.1, team);  // v = 1
  sgd.step(parameters, Vector{{1}}, 0.1, team);  // v = 1.5
  CHECK(parameters[0] == doctest::Approx(1 - 0.1 - 0.15));
}

TEST_CASE("the rate rises over the warm-up, then stays or falls to 0 as a cosine") {
  const RateSchedule cosine{Schedule::cosine, 0.2, 110, 10};
  CHECK(cosine.at(0) == doctest::Approx(0.02));
  CHECK(cosine.at(9) == doctest::Approx(0.2));
  CHECK(cosine.at(10) == doctest::Approx(0.2));
  CHECK(cosine.at(60) == doctest::Approx(0.1));
  CHECK(cosine.at(110) == doctest::Approx(0));
  CHECK(RateSchedule{Schedule::constant, 0.2, 100}.at(99) == 0.2);
}

TEST_CASE("weight decay shrinks parameters that have no gradient") {
  Vector parameters{{2}};
  Team team(1);
  Optimizer sgd(OptimizerKind::sgd, 0, 0.5, 1);
  sgd.step(parameters, Vector{{0}}, 0.1, team);
  CHECK(parameters[0] == doctest::Approx(2 * (1 - 0.1 * 0.5)));
}

TEST_CASE("training says what does not fit") {
  const Split data = make_sine({}, 3);
  CHECK_THROWS_WITH(train(random_model({2, 1}, 1), data.train, {}, 1),
                    "the data has 1 features and 1 targets, the model 2 inputs and 1 outputs");
  TrainOptions wild;
  wild.learning_rate = 1e30;
  wild.optimizer = OptimizerKind::sgd;
  CHECK_THROWS_WITH(
      train(random_model({1, 8, 1}, 1), data.train, wild, 1),
      "training diverged: the loss is not finite after epoch 1; lower learning_rate = 1e+30");
}

TEST_CASE("the sine's test set is even and noise-free, its training set random and noisy") {
  SineOptions options;
  options.amplitude = 2;
  options.phase = 0.5;
  options.angular_frequency = 3;
  options.noise = 0.1;
  options.low = -1;
  options.high = 1;
  options.test_samples = 5;
  const Split data = make_sine(options, 8);
  CHECK(data.test.inputs == Matrix{{-1}, {-0.5F}, {0}, {0.5F}, {1}});
  CHECK(data.test.targets(3, 0) == doctest::Approx(2 * std::sin(2.0)));
  CHECK(data.train.inputs.rows() == 600);
  CHECK(data.train.inputs.minCoeff() >= -1);
  CHECK(data.train.inputs.maxCoeff() < 1);
  double squares = 0;
  for (Index i = 0; i < 600; ++i) {
    const double clean = 2 * std::sin(3 * static_cast<double>(data.train.inputs(i, 0)) + 0.5);
    squares += std::pow(static_cast<double>(data.train.targets(i, 0)) - clean, 2);
  }
  CHECK(std::sqrt(squares / 600) == doctest::Approx(0.1).epsilon(0.1));
}
