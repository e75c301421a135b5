#include <doctest/doctest.h>

#include <algorithm>

#include "compress/pass.h"
#include "nn/forward.h"
#include "nn/quantization.h"
#include "tests/helpers.h"

using namespace pare;
using compress::make_step;
using Values = compress::Options::Values;

namespace {

const nn::Split& sine() {
  static const nn::Split kData = nn::make_sine({}, 1);
  return kData;
}

nn::Model run_pass(std::string_view name, Values values, nn::Model model,
                   const nn::Split& data = sine()) {
  nn::TrainOptions training;
  training.epochs = 300;
  training.learning_rate = 0.02;
  return compress::run({make_step(name, std::move(values))}, std::move(model),
                       {data.train, data.validation, training, 7, {}})
      .model;
}

nn::Model two_layers() {
  return {
      {nn::DenseLayer{nn::Matrix{{1}, {-4}, {3}, {-2}}, nn::Vector::Zero(4), nn::Activation::relu},
       nn::DenseLayer{nn::Matrix{{10, -0.5F, 20, 30}}, nn::Vector::Zero(1), {}}}};
}

const nn::Matrix& weights(const nn::Model& model, std::size_t layer) {
  return std::get<nn::DenseLayer>(model.layers[layer]).weights;
}

double validation_mse(const nn::Model& model) {
  return static_cast<double>(
      (nn::forward(model, sine().validation.inputs) - sine().validation.targets).squaredNorm() /
      static_cast<float>(sine().validation.targets.size()));
}

nn::Model trained(std::uint64_t seed = 1) {
  nn::TrainOptions options;
  options.epochs = 600;
  options.learning_rate = 0.02;
  return nn::train_new({16, 16}, nn::Activation::relu, sine().train, options, seed);
}

const Values kOneShot{{"epochs", {std::int64_t{0}, ""}}, {"sparsity", {0.5, ""}}};

}  // namespace

TEST_CASE("magnitude_prune in layer scope zeroes the smallest weights of each layer") {
  const nn::Model model = run_pass("magnitude_prune", kOneShot, two_layers());
  CHECK(weights(model, 0) == nn::Matrix{{0}, {-4}, {3}, {0}});
  CHECK(weights(model, 1) == nn::Matrix{{0, 0, 20, 30}});
}

TEST_CASE("magnitude_prune in global scope ranks all layers together") {
  Values values = kOneShot;
  values["scope"] = {std::string("global"), ""};
  const nn::Model model = run_pass("magnitude_prune", values, two_layers());
  CHECK(weights(model, 0) == nn::Matrix{{0}, {-4}, {0}, {0}});
  CHECK(weights(model, 1) == nn::Matrix{{10, 0, 20, 30}});
}

TEST_CASE("iterative magnitude_prune ends at its sparsity, and beats one shot without training") {
  const nn::Model base = trained();
  Values values{{"sparsity", {0.6, ""}}, {"steps", {std::int64_t{4}, ""}}};
  values["epochs"] = {std::int64_t{100}, ""};
  const nn::Model iterative = run_pass("magnitude_prune", values, base);
  CHECK((weights(iterative, 1).array() == 0).count() == 154);  // round(0.6 * 256)
  values["epochs"] = {std::int64_t{0}, ""};
  values["steps"] = {std::int64_t{1}, ""};
  CHECK(validation_mse(iterative) <
        0.001 * validation_mse(run_pass("magnitude_prune", values, base)));
}

TEST_CASE("finetune lowers the error of a pruned model and keeps its zeros") {
  const nn::Model pruned = run_pass("magnitude_prune", kOneShot, trained());
  const nn::Model tuned = run_pass("finetune", {}, pruned);
  CHECK(validation_mse(tuned) < 0.004 * validation_mse(pruned));
  for (const std::size_t layer : {0U, 1U, 2U}) {
    CHECK((weights(tuned, layer).array() == 0).count() ==
          (weights(pruned, layer).array() == 0).count());
  }
}

TEST_CASE("distill makes a student of the given widths that follows its teacher") {
  const nn::Model student =
      run_pass("distill", {{"widths", {std::vector<double>{6, 4}, ""}}}, trained());
  REQUIRE(student.layers.size() == 3);
  CHECK(nn::output_count(student.layers[0]) == 6);
  CHECK(nn::output_count(student.layers[1]) == 4);
  CHECK(validation_mse(student) < 1e-3);
}

TEST_CASE(
    "distill with alpha 1 learns from the teacher alone, with alpha 0 from the labels alone") {
  nn::Split other = sine();
  other.train.targets.setConstant(1);  // labels that have nothing to do with the teacher
  const Values pure{{"alpha", {1.0, ""}}};
  CHECK(validation_mse(run_pass("distill", pure, trained(), other)) < 6e-3);
  const nn::Model labels = run_pass("distill", {{"alpha", {0.0, ""}}}, trained(), other);
  CHECK((nn::forward(labels, sine().test.inputs).array() - 1).abs().maxCoeff() < 0.1F);
}

TEST_CASE("distill for classes matches the teacher's softened probabilities") {
  // One constant input: the student can reach the teacher's softmax at any temperature exactly.
  nn::Split data;
  data.train = {
      nn::Matrix::Constant(32, 1, 1), nn::Matrix::Zero(32, 3), nn::Task::classification, {}};
  data.train.targets.col(0).setOnes();
  data.validation = data.train;
  const nn::Model teacher{{nn::DenseLayer{nn::Matrix::Zero(3, 1), nn::Vector{{1, 0, -2}}, {}}}};
  const nn::Model student = run_pass("distill", {{"alpha", {1.0, ""}}}, teacher, data);
  const nn::Matrix expected = nn::softmax(nn::forward(teacher, data.train.inputs));
  const nn::Matrix got = nn::softmax(nn::forward(student, data.train.inputs));
  CHECK((got - expected).cwiseAbs().maxCoeff() < 1e-5F);
}

TEST_CASE("quantize_int8 gives the integers computed by hand") {
  nn::Split data = sine();
  data.train.inputs = nn::Matrix{{0}, {2.55F}};  // scale 0.01, zero point -128
  const nn::Model model{{nn::DenseLayer{nn::Matrix{{1.27F}, {-0.635F}}, nn::Vector{{0.5F, 0}},
                                        nn::Activation::relu}}};
  const auto quantized = [&](const char* granularity) {
    return std::get<nn::Int8Layer>(
        run_pass("quantize_int8", {{"granularity", {std::string(granularity), ""}}}, model, data)
            .layers[0]);
  };
  const nn::Int8Layer row = quantized("row");
  CHECK(row.input.scale == doctest::Approx(0.01));
  CHECK(row.input.zero_point == -128);
  CHECK(row.weights(0, 0) == 127);
  CHECK(row.weights(1, 0) == -127);
  CHECK(row.weight_scales[0] == doctest::Approx(0.01));
  CHECK(row.weight_scales[1] == doctest::Approx(0.005));
  CHECK(row.bias[0] == 5000);  // 0.5 / (0.01 * 0.01)
  CHECK(row.output.scale == doctest::Approx((1.27 * 2.55 + 0.5) / 255));
  CHECK(row.output.zero_point == -128);
  const nn::Int8Layer tensor = quantized("tensor");
  CHECK(tensor.weight_scales.size() == 1);
  CHECK(tensor.weights(1, 0) == -64);  // -63.5, ties away from zero
}

TEST_CASE("quantize_int8 keeps the error near that of the float model") {
  for (const char* granularity : {"row", "tensor"}) {
    std::vector<double> lost;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const nn::Model base = trained(seed);
      const nn::Model int8 =
          run_pass("quantize_int8", {{"granularity", {std::string(granularity), ""}}}, base);
      lost.push_back(validation_mse(int8) - validation_mse(base));
    }
    std::sort(lost.begin(), lost.end());
    CAPTURE(lost[2]);
    CHECK(lost[2] < 1.5e-4);
  }
}

TEST_CASE("percentile calibration leaves outliers outside the range") {
  nn::Split data = sine();
  data.train.inputs = tests::random_matrix(1000, 1, 3);
  data.train.inputs(17, 0) = 100;
  const nn::Model model{{nn::DenseLayer{nn::Matrix{{1}}, nn::Vector{{0}}, {}}}};
  const auto scale = [&](const Values& values) {
    return nn::input_quantization(run_pass("quantize_int8", values, model, data)).scale;
  };
  CHECK(scale({}) > 0.3F);
  CHECK(scale({{"calibration", {std::string("percentile"), ""}}, {"percentile", {99.8, ""}}}) <
        0.01F);
  CHECK_THROWS_WITH(make_step("quantize_int8", {{"percentile", {99.0, "a.toml:2:1"}}}),
                    "a.toml:2:1: percentile needs calibration = \"percentile\"");
}

TEST_CASE("quantize_int8 copes with weights that are all zero and biases that are huge") {
  const nn::Model model{{nn::DenseLayer{nn::Matrix{{0}, {1e-6F}}, nn::Vector{{0.7F, 1000}}, {}}}};
  const nn::Model int8 = run_pass("quantize_int8", {}, model);
  const nn::Matrix outputs = nn::forward(int8, nn::Matrix{{1}});
  CHECK(outputs(0, 1) == doctest::Approx(1000).epsilon(0.005));
  CHECK(std::abs(outputs(0, 0) - 0.7F) < 2);  // within half a step of 1000 / 255
}

TEST_CASE(
    "quantize_int8 takes tanh and sigmoid, and keeps the error near that of the float model") {
  for (const nn::Activation hidden : {nn::Activation::tanh, nn::Activation::sigmoid}) {
    nn::TrainOptions options;
    options.epochs = 600;
    options.learning_rate = 0.02;
    const nn::Model base = nn::train_new({16, 16}, hidden, sine().train, options, 1);
    const nn::Model int8 = run_pass("quantize_int8", {}, base);
    CHECK(validation_mse(base) < 1e-4);
    CHECK(validation_mse(int8) < validation_mse(base) + 2.5e-4);
  }
}

TEST_CASE("quantize_int8 covers no more of a pre-activation than its table tells apart") {
  nn::Split data = sine();
  data.train.inputs = nn::Matrix{{-100}, {100}};
  const nn::Model model{{nn::DenseLayer{nn::Matrix{{1}}, nn::Vector{{0}}, nn::Activation::tanh}}};
  const nn::Model int8 = run_pass("quantize_int8", {}, model, data);
  const auto& layer = std::get<nn::Int8Layer>(int8.layers[0]);
  // atanh(127.5 / 128) + atanh(126.5 / 128) = 3.12 + 2.57
  CHECK(layer.pre_activation.scale == doctest::Approx(5.69 / 255).epsilon(0.01));
  CHECK(layer.output.scale == 1.0F / 128);
}

TEST_CASE("passes train a model that ends in an activation, between ends of its own") {
  nn::Model model = tests::random_model({2, 6, 1}, 3);
  std::get<nn::DenseLayer>(model.layers[1]).activation = nn::Activation::tanh;
  model.inputs = {nn::RowVector{{1013, -5}}, nn::RowVector{{0.1F, 2}}};
  model.outputs = {nn::RowVector{{4}}, nn::RowVector{{10}}};
  const nn::Dataset data =
      nn::make_answers(model, 200, -1, 1, nn::Random(1, nn::Stream::random_inputs));
  CHECK(data.targets.minCoeff() > 6);
  const auto with = [&](const std::vector<compress::Step>& steps) {
    return compress::run(steps, model, {data, data, {}, 1, {}}).model;
  };
  const nn::Model pruned = with({compress::make_step(
      "magnitude_prune", {{"sparsity", {0.3, ""}}, {"epochs", {std::int64_t{20}, ""}}})});
  CHECK(pruned.inputs.offset == model.inputs.offset);
  CHECK(pruned.outputs.factor == model.outputs.factor);
  CHECK((nn::forward(pruned, data.inputs) - data.targets).cwiseAbs().mean() < 0.2F);
  const nn::Model int8 = with({compress::make_step("quantize_int8")});
  CHECK(nn::arithmetic(int8) == nn::Arithmetic::int8);
  CHECK((nn::forward(int8, data.inputs) - data.targets).cwiseAbs().maxCoeff() < 0.2F);
}
