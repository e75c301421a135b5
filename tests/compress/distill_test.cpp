#include <doctest/doctest.h>

#include <Eigen/Core>

#include "compress/linear_algebra.h"
#include "compress/pass.h"
#include "nn/forward.h"
#include "tests/helpers.h"

using namespace pare;
using compress::make_step;
using Values = compress::Options::Values;

namespace {

const nn::Split& sine() {
  static const nn::Split kData = nn::make_sine({}, 1);
  return kData;
}

nn::Model distill(Values values, const nn::Model& teacher, const nn::Dataset& data) {
  nn::TrainOptions training;
  training.epochs = 300;
  training.learning_rate = 0.02;
  return compress::run({make_step("distill", std::move(values))}, teacher,
                       {data, sine().validation, training, 7, {}})
      .model;
}

nn::Model trained() {
  nn::TrainOptions options;
  options.epochs = 300;
  options.learning_rate = 0.02;
  return nn::train_new({16, 16}, nn::Activation::relu, sine().train, options, 1);
}

/// Root mean square of the distance between the test outputs and `factor` * sine + `offset`.
float distance(const nn::Model& model, float factor, float offset) {
  const nn::Matrix outputs = nn::forward(model, sine().test.inputs);
  const nn::Matrix expected = factor * sine().test.targets.array() + offset;
  return std::sqrt((outputs - expected).squaredNorm() / static_cast<float>(outputs.rows()));
}

const nn::Matrix& weights(const nn::Model& model, std::size_t layer) {
  return std::get<nn::DenseLayer>(model.layers[layer]).weights;
}

/// The squared error that is left when `wanted` is fitted by a linear map of `given` and a bias.
float unexplained(const nn::Matrix& given, const nn::Matrix& wanted) {
  compress::DoubleMatrix columns(given.rows(), given.cols() + 1);
  columns << given.cast<double>(), Eigen::VectorXd::Ones(given.rows());
  compress::DoubleMatrix left = wanted.cast<double>();
  const compress::SingularValues parts = compress::decompose(columns);
  for (nn::Index k = 0; k < parts.values.size() && parts.values[k] > 1e-6 * parts.values[0]; ++k) {
    const Eigen::VectorXd direction = parts.left.col(k) / parts.values[k];
    left -= direction * (direction.transpose() * left).eval();
  }
  return static_cast<float>(left.squaredNorm());
}

}  // namespace

TEST_CASE("distill with two teachers follows the mean of the model and of one like it") {
  nn::Model silent = trained();
  for (nn::Layer& layer : silent.layers) {
    auto& dense = std::get<nn::DenseLayer>(layer);
    dense.weights.setZero();
    dense.bias.setZero();
  }
  Values values{{"alpha", {1.0, ""}}};
  CHECK(distance(distill(values, silent, sine().train), 0, 0) < 1e-4F);
  values["teachers"] = {std::int64_t{2}, ""};
  CHECK(distance(distill(values, silent, sine().train), 0.5F, 0) < 0.025F);
}

TEST_CASE("distill takes the labels of a fraction of the samples, the teacher for all") {
  nn::Dataset wrong = sine().train;
  wrong.targets.setConstant(1);
  const auto student = [&](double labels) {
    return distill({{"alpha", {0.5, ""}},
                    {"labels", {labels, ""}},
                    {"widths", {std::vector<double>{16, 16}, ""}}},
                   trained(), wrong);
  };
  // The least of 1/2 (y - sine)^2 + 1/2 labels (y - 1)^2 is y = (sine + labels) / (1 + labels).
  CHECK(distance(student(1), 0.5F, 0.5F) < 0.02F);
  CHECK(distance(student(0.25), 0.8F, 0.2F) < 0.08F);
  CHECK(distance(student(0), 1, 0) < 0.02F);
}

TEST_CASE("distill for classes takes a fraction of the labels too") {
  // One constant input: the student's probabilities go to the mean of what it is taught.
  nn::Dataset data{
      nn::Matrix::Constant(32, 1, 1), nn::Matrix::Zero(32, 2), nn::Task::classification, {}};
  data.targets.col(0).setOnes();
  const nn::Model teacher{{nn::DenseLayer{nn::Matrix::Zero(2, 1), nn::Vector::Zero(2), {}}}};
  const Values values{{"alpha", {0.5, ""}}, {"labels", {0.5, ""}}, {"temperature", {1.0, ""}}};
  const nn::Matrix got =
      nn::softmax(nn::forward(distill(values, teacher, data), data.inputs.topRows(1)));
  CHECK(got(0, 0) == doctest::Approx(2.0 / 3).epsilon(0.05));  // (1/2 1/2 + 1/4 1) / (3/4)
}

TEST_CASE("hints bring the student's middle hidden layer near the teacher's, and no other") {
  const nn::Model teacher = trained();
  const auto student = [&](std::int64_t hint_epochs) {
    const Values values{{"epochs", {std::int64_t{0}, ""}}, {"hint_epochs", {hint_epochs, ""}}};
    return distill(values, teacher, sine().train);
  };
  const nn::Model before = student(0);
  const nn::Model after = student(300);
  CHECK(weights(after, 0) != weights(before, 0));
  CHECK(weights(after, 1) == weights(before, 1));
  CHECK(weights(after, 2) == weights(before, 2));
  const auto hidden = [&](const nn::Model& model) {
    return nn::forward(std::get<nn::DenseLayer>(model.layers[0]), sine().train.inputs);
  };
  CHECK(unexplained(hidden(after), hidden(teacher)) <
        0.2F * unexplained(hidden(before), hidden(teacher)));
}

TEST_CASE("hints need a teacher with a hidden layer") {
  CHECK_THROWS_WITH(distill({{"hint_epochs", {std::int64_t{1}, ""}}},
                            tests::random_model({1, 1}, 1), sine().train),
                    "distill: the teacher has no hidden layer that could give hints");
}

TEST_CASE("a student takes the activation of its teacher's hidden layers, past those of low_rank") {
  nn::Model teacher = tests::random_model({1, 4, 4, 1}, 1);
  std::get<nn::DenseLayer>(teacher.layers[0]).activation = nn::Activation::identity;
  const nn::Model student = distill({{"epochs", {std::int64_t{0}, ""}}}, teacher, sine().train);
  CHECK(std::get<nn::DenseLayer>(student.layers[0]).activation == nn::Activation::relu);
}

TEST_CASE("a student trained for few bits is rounded already, and better than one that is not") {
  const nn::Model teacher = trained();
  const auto quantized = [&](std::int64_t bits) {
    nn::TrainOptions training;
    training.learning_rate = 0.02;
    const std::vector<compress::Step> steps{
        make_step("distill", {{"widths", {std::vector<double>{12, 12}, ""}},
                              {"bits", {bits, ""}},
                              {"epochs", {std::int64_t{400}, ""}}}),
        make_step("quantize_weights",
                  {{"bits", {std::vector<double>{3}, ""}}, {"epochs", {std::int64_t{0}, ""}}})};
    return compress::run(steps, teacher, {sine().train, sine().validation, training, 7, {}}).model;
  };
  CHECK(distance(quantized(3), 1, 0) < 0.3F * distance(quantized(0), 1, 0));

  const nn::Model student = distill({{"widths", {std::vector<double>{6}, ""}},
                                     {"bits", {std::int64_t{2}, ""}},
                                     {"epochs", {std::int64_t{20}, ""}}},
                                    teacher, sine().train);
  for (const std::size_t layer : {0U, 1U}) {
    for (nn::Index row = 0; row < weights(student, layer).rows(); ++row) {
      const auto magnitudes = weights(student, layer).row(row).cwiseAbs();
      const float scale = magnitudes.maxCoeff();
      CHECK((magnitudes.array() == 0 || (magnitudes.array() / scale - 1).abs() < 1e-5F).all());
    }
  }
}

TEST_CASE(
    "a pass that trains can learn from the base model, in the share that it or the context says") {
  // A base model that knows another function than the labels: the mean of both is least wrong.
  const nn::Model base = trained();
  nn::Dataset wrong = sine().train;
  wrong.targets.array() += 1;
  nn::TrainOptions training;
  training.learning_rate = 0.01;
  for (const double share : {0.0, 0.5, 1.0}) {
    CAPTURE(share);
    const compress::Step step =
        make_step("finetune", {{"teacher", {share, ""}}, {"epochs", {std::int64_t{100}, ""}}});
    const nn::Model model =
        compress::run({step}, base, {wrong, sine().validation, training, 7, {}, &base}).model;
    CHECK(distance(model, 1, 1 - static_cast<float>(share)) < 0.02F);
    const compress::Step silent = make_step("finetune", {{"epochs", {std::int64_t{100}, ""}}});
    const nn::Model told =
        compress::run({silent}, base,
                      {wrong,
                       sine().validation,
                       {},
                       7,
                       {},
                       &base,
                       compress::Retraining{.options = training, .teacher = share}})
            .model;
    CHECK(nn::forward(told, wrong.inputs) == nn::forward(model, wrong.inputs));
  }
}
