#include "compress/quantization.h"

#include <doctest/doctest.h>

#include "compress/quantization_training.h"
#include "nn/forward.h"
#include "tests/helpers.h"

using namespace pare;
using compress::make_step;
using Values = compress::Options::Values;

namespace {

/// Two layers, whose inputs are not centred: rounding then shifts the mean of the outputs.
struct Setting {
  nn::Dataset data{(tests::random_matrix(400, 6, 3).array() + 1).matrix(), nn::Matrix::Zero(400, 2),
                   nn::Task::regression, nn::ImageShape{}};
  nn::Model model = tests::random_model({6, 8, 2}, 1);

  nn::Model run(std::string_view pass, Values values) const {
    return compress::run({make_step(pass, std::move(values))}, model, {data, data, {}, 7, {}})
        .model;
  }
  /// Largest |mean error| of the model's outputs over the data.
  float mean_error(const nn::Model& quantized) const {
    const nn::Matrix error = nn::forward(quantized, data.inputs) - nn::forward(model, data.inputs);
    return error.colwise().mean().cwiseAbs().maxCoeff();
  }
};

}  // namespace

TEST_CASE("a quantized model rounds as often as its pass is told, and changes in nothing else") {
  const Setting setting;
  for (const char* pass : {"quantize_int8", "quantize_weights"}) {
    CAPTURE(pass);
    const nn::Model twice = setting.run(pass, {{"epochs", {std::int64_t{0}, ""}}});
    const nn::Model once =
        setting.run(pass, {{"epochs", {std::int64_t{0}, ""}},
                           {"requantizing", {std::string("single_rounding"), ""}}});
    for (std::size_t i = 0; i < 2; ++i) {
      const auto& before = std::get<nn::Int8Layer>(twice.layers[i]);
      const auto& after = std::get<nn::Int8Layer>(once.layers[i]);
      CHECK(before.requantizing == nn::Requantizing::double_rounding);
      CHECK(after.requantizing == nn::Requantizing::single_rounding);
      CHECK(after.weights == before.weights);
      CHECK(after.bias == before.bias);
      CHECK(after.output.scale == before.output.scale);
    }
  }
}

TEST_CASE("a row whose sums could just reach 2^23 takes a coarser scale, so that they do not") {
  // Of 300 inputs all weights are equal: 127 * 255 * 300 is above 2^23, for 900 above twice that.
  for (const nn::Index inputs : {300, 900}) {
    CAPTURE(inputs);
    nn::Matrix weights = nn::Matrix::Constant(2, inputs, 0.5F);
    weights.row(1) = nn::Matrix::Random(1, inputs) * 0.01F;
    const nn::Model model{{nn::DenseLayer{weights, nn::Vector::Zero(2), nn::Activation::relu}}};
    nn::Dataset data{nn::Matrix::Random(50, inputs).cwiseAbs(), nn::Matrix::Zero(50, 2),
                     nn::Task::regression, nn::ImageShape{}};
    const nn::Model quantized =
        compress::run({make_step("quantize_int8")}, model, {data, data, {}, 7, {}}).model;
    const auto& layer = std::get<nn::Int8Layer>(quantized.layers[0]);
    const nn::AccumulatorRange range = nn::accumulator_range(layer, 0);
    CHECK((range.high < nn::kShortSum) == (inputs == 300));
    CHECK((layer.weights(0, 0) == 127) == (inputs == 900));
    CHECK(layer.weights(0, 0) > 100);
    CHECK(static_cast<float>(layer.weights(0, 0)) * layer.weight_scales[0] ==
          doctest::Approx(0.5).epsilon(0.01));
    CHECK(layer.weights.row(1).cast<int>().cwiseAbs().maxCoeff() == 127);
  }
}

TEST_CASE("bias correction removes the mean error of the outputs") {
  const Setting setting;
  const nn::Model plain =
      setting.run("quantize_int8", {{"granularity", {std::string("tensor"), ""}}});
  const nn::Model corrected =
      setting.run("quantize_int8",
                  {{"granularity", {std::string("tensor"), ""}}, {"bias_correction", {true, ""}}});
  CHECK(setting.mean_error(corrected) < 0.1F * setting.mean_error(plain));
  CHECK(setting.mean_error(corrected) < 0.03F * nn::output_quantization(corrected).scale);
}

TEST_CASE("bias correction makes up for saturated inputs, as computed by hand") {
  // Nine inputs of 1 and one of 3, which saturates to 1: the mean 1.2 is seen as 1.
  nn::Matrix inputs = nn::Matrix::Ones(10, 1);
  inputs(4, 0) = 3;
  const nn::Dataset data{inputs, nn::Matrix::Zero(10, 1), nn::Task::regression, nn::ImageShape{}};
  const nn::Model model{{nn::DenseLayer{nn::Matrix{{2}}, nn::Vector{{0.1F}}, {}}}};
  const compress::Step step =
      make_step("quantize_int8", {{"calibration", {std::string("percentile"), ""}},
                                  {"percentile", {90.0, ""}},
                                  {"bias_correction", {true, ""}}});
  const nn::Model quantized = compress::run({step}, model, {data, data, {}, 7, {}}).model;
  const auto& layer = std::get<nn::Int8Layer>(quantized.layers[0]);
  const float unit = layer.input.scale * layer.weight_scales[0];
  CHECK(static_cast<float>(layer.bias[0]) * unit == doctest::Approx(0.1 + 2 * 0.2).epsilon(1e-3));
}

TEST_CASE("the outputs of a classifier have steps fine enough for its decisions, or cover all") {
  // The first class is ahead by 0.3; the third is so far behind that its range alone takes a step
  // of 200 / 255.
  const nn::Matrix inputs = nn::Matrix::Ones(10, 1);
  const nn::Matrix targets{{1, 0, 0}};
  const nn::Model model{
      {nn::DenseLayer{nn::Matrix{{1.0F}, {1.3F}, {-200}}, nn::Vector::Zero(3), {}}}};
  const std::string two("two_largest");
  const std::string all("all");
  for (const auto& [task, logits] :
       {std::pair(nn::Task::classification, two), std::pair(nn::Task::classification, all),
        std::pair(nn::Task::regression, two)}) {
    const nn::Dataset data{inputs, targets.replicate(10, 1), task, nn::ImageShape{}};
    const compress::Step step = make_step("quantize_int8", {{"logits", {logits, ""}}});
    const nn::Model quantized = compress::run({step}, model, {data, data, {}, 7, {}}).model;
    const nn::Matrix outputs = nn::forward(quantized, inputs.topRows(1));
    if (task == nn::Task::classification && logits == two) {
      CHECK(nn::output_quantization(quantized).scale == doctest::Approx(1.3 / 255));
      CHECK(outputs(0, 1) - outputs(0, 0) == doctest::Approx(0.3).epsilon(0.02));
      CHECK(outputs(0, 2) == 0);
    } else {
      CHECK(outputs(0, 2) == doctest::Approx(-200).epsilon(0.01));
    }
  }
}

namespace {

const nn::Split& sine() {
  static const nn::Split kData = nn::make_sine({}, 1);
  return kData;
}

nn::Model run_on_sine(const std::vector<compress::Step>& steps) {
  nn::TrainOptions training;
  training.epochs = 300;
  training.learning_rate = 0.02;
  static const nn::Model kBase =
      nn::train_new({16, 16}, nn::Activation::relu, sine().train, training, 1);
  return compress::run(steps, kBase, {sine().train, sine().validation, training, 7, {}}).model;
}

float validation_mse(const nn::Model& model) {
  const nn::Matrix outputs = nn::forward(model, sine().validation.inputs);
  return (outputs - sine().validation.targets).array().square().mean();
}

compress::Step to_bits(double bits, std::int64_t epochs) {
  return make_step("quantize_weights",
                   {{"bits", {std::vector<double>{8, bits, 8}, ""}}, {"epochs", {epochs, ""}}});
}

const nn::Int8Layer& int8_layer(const nn::Model& model, std::size_t index) {
  return std::get<nn::Int8Layer>(model.layers[index]);
}

}  // namespace

TEST_CASE("training for 2 bits lowers the error of a 2-bit model") {
  const float untrained = validation_mse(run_on_sine({to_bits(2, 0)}));
  CHECK(validation_mse(run_on_sine({to_bits(2, 200)})) < 0.02F * untrained);
}

TEST_CASE("training for few bits keeps the zeros of a pruned model, with 1 bit too") {
  const compress::Step prune =
      make_step("magnitude_prune", {{"sparsity", {0.5, ""}}, {"epochs", {std::int64_t{0}, ""}}});
  const nn::Model pruned = run_on_sine({prune});
  for (const double bits : {1.0, 2.0, 4.0, 8.0}) {
    CAPTURE(bits);
    const nn::Model quantized = run_on_sine({prune, to_bits(bits, 20)});
    for (const std::size_t i : {0U, 1U, 2U}) {
      const auto& before = std::get<nn::DenseLayer>(pruned.layers[i]).weights;
      const nn::Int8Matrix& after = int8_layer(quantized, i).weights;
      CHECK((before.array() == 0 && after.array() != 0).count() == 0);
    }
    if (bits == 1) CHECK((int8_layer(quantized, 1).weights.array() == 0).count() == 128);
  }
}

TEST_CASE("the training's view shows multiples of its scales, and moves those by least squares") {
  const nn::Model model{{nn::DenseLayer{nn::Matrix{{1, 0.9F, -1.1F, 0.1F}}, nn::Vector{{0}}, {}}}};
  compress::QuantizationTraining training(model, {{.bits = 2}}, compress::ScaleRule::follow);
  nn::Matrix weights{{1.2F, 1.0F, -1.4F, 0.2F}};
  training.view()(0, weights);
  CHECK(training.scales()[0][0] == doctest::Approx(1.2));  // mean of those rounded to +-1
  CHECK(weights(0, 0) == training.scales()[0][0]);
  CHECK(weights(0, 2) == -training.scales()[0][0]);
  CHECK(weights(0, 3) == 0);
}

TEST_CASE("learned scales go along the gradient of the loss, as finite differences give it") {
  // Within the range the rounding counts as the identity: checked where every weight is a multiple
  // of the scale plus a rest that stays the same share of it.
  const nn::Matrix weights{{0.52F, -0.18F, 0.31F, 0.9F}};
  const nn::Model model{{nn::DenseLayer{weights, nn::Vector{{0}}, {}}}};
  compress::QuantizationTraining training(model, {{.bits = 3}}, compress::ScaleRule::learned);
  const float scale = training.scales()[0][0];
  const nn::Matrix gradient{{1, -2, 0.5F, 3}};
  float expected = 0;
  for (nn::Index i = 0; i < 4; ++i) {
    const float steps = weights(0, i) / scale;
    const float slope = std::abs(steps) > 3 ? std::copysign(3.0F, steps)  // ICLR 2020, equation 3
                                            : std::round(steps) - steps;
    expected += gradient(0, i) * scale * slope;
  }
  CHECK(training.scale_gradient(0, weights, gradient)[0] == doctest::Approx(expected));
}

TEST_CASE(
    "a learned scale's first step is the rate, against the gradient; beyond the range weights get "
    "none") {
  const nn::Matrix weights{{1, 5}};
  const nn::Model model{{nn::DenseLayer{nn::Matrix{{1, 1}}, nn::Vector{{0}}, {}}}};
  compress::QuantizationTraining training(model, {{.bits = 2}}, compress::ScaleRule::learned);
  REQUIRE(training.scales()[0][0] == doctest::Approx(1));
  nn::Matrix gradient{{0.25F, -2}};  // a larger scale would bring the rounded 5 nearer to it
  training.gradient_view()(0, weights, gradient, 0.01);
  CHECK(training.scales()[0][0] == doctest::Approx(std::exp(0.01)));
  CHECK(gradient(0, 0) == 0.25F);
  CHECK(gradient(0, 1) == 0);
}

TEST_CASE("training with learned scales keeps zeros, bits, and the best weights' own scales") {
  const compress::Step prune =
      make_step("magnitude_prune", {{"sparsity", {0.5, ""}}, {"epochs", {std::int64_t{0}, ""}}});
  const nn::Model pruned = run_on_sine({prune});
  for (const double bits : {1.0, 2.0, 4.0, 8.0}) {
    CAPTURE(bits);
    const nn::Model quantized = run_on_sine(
        {prune, make_step("quantize_weights", {{"bits", {std::vector<double>{8, bits, 8}, ""}},
                                               {"scales", {std::string("learned"), ""}},
                                               {"epochs", {std::int64_t{100}, ""}}})});
    for (const std::size_t i : {0U, 1U, 2U}) {
      const auto& before = std::get<nn::DenseLayer>(pruned.layers[i]).weights;
      const nn::Int8Matrix& after = int8_layer(quantized, i).weights;
      CHECK((before.array() == 0 && after.array() != 0).count() == 0);
    }
    CHECK(validation_mse(quantized) < (bits == 1 ? 3e-3F : 1e-3F));
  }
}

TEST_CASE("weights of n bits lie in the range of n bits, layer by layer") {
  const Setting setting;
  const nn::Model mixed =
      setting.run("quantize_weights",
                  {{"bits", {std::vector<double>{1, 3}, ""}}, {"epochs", {std::int64_t{0}, ""}}});
  CHECK(int8_layer(mixed, 0).weights.cast<int>().cwiseAbs().minCoeff() == 1);
  CHECK(int8_layer(mixed, 0).weights.cast<int>().cwiseAbs().maxCoeff() == 1);
  CHECK(int8_layer(mixed, 1).weights.cast<int>().cwiseAbs().maxCoeff() == 3);
  for (const auto& [bits, limit] : {std::pair{2.0, 1}, {3.0, 3}, {4.0, 7}, {8.0, 127}}) {
    for (const char* rounding : {"nearest", "gptq"}) {
      const nn::Model model =
          setting.run("quantize_weights", {{"bits", {std::vector<double>{bits}, ""}},
                                           {"rounding", {std::string(rounding), ""}},
                                           {"epochs", {std::int64_t{0}, ""}}});
      CHECK(int8_layer(model, 0).weights.cast<int>().cwiseAbs().maxCoeff() == limit);
    }
  }
}

TEST_CASE("bits for another number of layers are refused") {
  const Setting setting;
  CHECK_THROWS_WITH(
      setting.run("quantize_weights", {{"bits", {std::vector<double>{4, 4, 4}, ""}}}),
      "quantize_weights: bits has 3 numbers, the model 2 layers; give one number, or one for each "
      "layer");
}
