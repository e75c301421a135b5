#include <doctest/doctest.h>
#include <fmt/format.h>

#include "nn/activation.h"
#include "nn/ends.h"
#include "nn/formats/format.h"
#include "nn/formats/safetensors.h"
#include "nn/formats/tflite_graph.h"
#include "nn/forward.h"
#include "tests/helpers.h"
#include "tests/mcu/random_int8.h"

using namespace pare::nn;
using pare::tests::Folder;
using pare::tests::random_integer;

namespace {

std::string write_error(const Model& model) {
  const Folder folder;
  try {
    write_model(model, folder.path() / "m.tflite");
  } catch (const std::invalid_argument& error) {
    const std::string message = error.what();
    return message.substr(message.find(": ") + 2);
  }
  return "it was written";
}

std::vector<std::string> losses(const Model& model) {
  const Folder folder;
  return write_model(model, folder.path() / "m.tflite");
}

Model written_and_read(const Model& model) {
  const Folder folder;
  const auto path = folder.path() / "m.tflite";
  CHECK(write_model(model, path).empty());
  const std::string bytes = pare::tests::read_file(path);
  Model read = read_model(path).model;
  write_model(read, path);
  CHECK(pare::tests::read_file(path) == bytes);
  return read;
}

RowVector or_all(const RowVector& values, float value, Index size) {
  return values.size() != 0 ? values : RowVector::Constant(size, value);
}

/// The layers bit for bit, the ends as what they do.
void check_equal(const Model& a, const Model& b) {
  CHECK(to_safetensors(without_ends(a)) == to_safetensors(without_ends(b)));
  const Index inputs = input_count(a);
  const Index outputs = output_count(a);
  CHECK(or_all(a.inputs.offset, 0, inputs) == or_all(b.inputs.offset, 0, inputs));
  CHECK(or_all(a.inputs.factor, 1, inputs) == or_all(b.inputs.factor, 1, inputs));
  CHECK(a.inputs.activation == b.inputs.activation);
  CHECK(or_all(a.outputs.factor, 1, outputs) == or_all(b.outputs.factor, 1, outputs));
  CHECK(or_all(a.outputs.offset, 0, outputs) == or_all(b.outputs.offset, 0, outputs));
  CHECK(a.outputs.meaning == b.outputs.meaning);
}

/// The activations that TFLite has, of float32 or of int8.
std::vector<Activation> activations(bool int8) {
  std::vector<Activation> all{Activation::identity, Activation::relu,
                              Activation::relu6,    Activation::tanh,
                              Activation::sigmoid,  *find_activation("leaky_relu(0.2)")};
  if (!int8) all.insert(all.end(), {*find_activation("elu"), *find_activation("gelu")});
  return all;
}

Activation pick(Random& random, const std::vector<Activation>& activations) {
  return activations[random.below(static_cast<std::uint32_t>(activations.size()))];
}

std::vector<Index> random_widths(Random& random) {
  std::vector<Index> widths;
  for (std::uint32_t i = 0; i < 2 + random.below(4); ++i)
    widths.push_back(random_integer(random, 2, 9));
  return widths;
}

/// The outputs are scaled behind an activation only: else reading folds that into the last layer.
Model random_float_model(std::uint64_t seed) {
  Random random(seed, 5);
  Model model = pare::tests::random_model(random_widths(random), seed);
  for (Layer& layer : model.layers) {
    auto& dense = std::get<DenseLayer>(layer);
    dense.activation = pick(random, activations(false));
    for (float& bias : dense.bias) bias = static_cast<float>(random.normal());
  }
  const auto row = [&](Index size) -> RowVector {
    return pare::tests::random_matrix(1, size, random.bits()) + RowVector::Constant(size, 2);
  };
  if (random.below(2) == 0) model.inputs.offset = row(input_count(model));
  if (random.below(2) == 0) model.inputs.factor = row(input_count(model));
  if (random.below(4) == 0) model.inputs.activation = Activation::sigmoid;
  if (std::get<DenseLayer>(model.layers.back()).activation != Activation::identity) {
    if (random.below(2) == 0) model.outputs.factor = row(output_count(model));
    if (random.below(2) == 0) model.outputs.offset = row(output_count(model));
  }
  model.outputs.meaning = std::vector{Meaning::values, Meaning::probabilities,
                                      Meaning::log_probabilities}[random.below(3)];
  return model;
}

Model random_writable_int8_model(std::uint64_t seed) {
  Random random(seed, 6);
  Model model = pare::tests::random_int8_model(random_widths(random), seed);
  Quantization input = std::get<Int8Layer>(model.layers.front()).input;
  for (Layer& any : model.layers) {
    auto& layer = std::get<Int8Layer>(any);
    layer.input = input;
    layer.activation = int8_activation(pick(random, activations(true)), layer.output);
    layer.requantizing = Requantizing::double_rounding;
    if (random.below(3) == 0) layer.weight_scales = layer.weight_scales.head(1).eval();
    if (has_table(layer.activation)) {
      const bool cuts = layer.activation == Activation::relu6;
      layer.pre_activation =
          cuts ? layer.output : Quantization{0.05F, random_integer(random, -128, 127)};
      layer.output = table_output(layer.activation).value_or(layer.output);
    }
    input = layer.output;
  }
  model.outputs.meaning = std::vector{Meaning::values, Meaning::probabilities,
                                      Meaning::log_probabilities}[random.below(3)];
  return model;
}

}  // namespace

TEST_CASE("a float model comes back from a TFLite file bit for bit") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    const Model model = random_float_model(seed);
    check_equal(model, written_and_read(model));
  }
}

TEST_CASE("an int8 model comes back from a TFLite file bit for bit") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    const Model model = random_writable_int8_model(seed);
    check(model);
    check_equal(model, written_and_read(model));
  }
}

TEST_CASE("outputs scaled behind a dense layer go into it") {
  Model model = random_float_model(3);
  std::get<DenseLayer>(model.layers.back()).activation = Activation::identity;
  model.outputs = {};
  model.outputs.factor = RowVector::Constant(output_count(model), 3);
  model.outputs.offset = RowVector::Constant(output_count(model), -1);
  const Folder folder;
  write_model(model, folder.path() / "m.tflite");
  const Model read = read_model(folder.path() / "m.tflite").model;
  const Matrix inputs = pare::tests::random_matrix(20, input_count(model), 1);
  CHECK((forward(read, inputs) - forward(model, inputs)).cwiseAbs().maxCoeff() < 1e-5F);
}

TEST_CASE("an activation that TFLite does not have is refused, with its layer") {
  Model model = pare::tests::random_model({2, 3, 1}, 1);
  auto& activation = std::get<DenseLayer>(model.layers[0]).activation;
  activation = *find_activation("silu");
  CHECK(write_error(model) == "layer0: TFLite has no silu");
  activation = *find_activation("elu(0.5)");
  CHECK(write_error(model) == "layer0: TFLite has no elu(0.5)");
}

TEST_CASE("an int8 activation that TFLite computes otherwise is refused, with its layer") {
  Model model = random_writable_int8_model(1);
  auto& layer = std::get<Int8Layer>(model.layers.back());
  layer.output = {0.01F, 0};
  layer.pre_activation = {0.02F, 0};
  layer.activation = *find_activation("elu");
  CHECK(write_error(model) == "layer0: elu(1) is not written in int8");
  layer.activation = Activation::relu6;
  CHECK(write_error(model) ==
        "layer0: its relu6 changes the scale from 0.02 to 0.01, which TFLite's does not");
}

TEST_CASE("what a TFLite file cannot hold is said") {
  Model model = pare::tests::random_model({2, 1}, 1);
  CHECK(losses(model).empty());
  model.inputs.names = {"a", "b"};
  model.outputs.meaning = Meaning::logits;
  CHECK(losses(model) == std::vector<std::string>{
                             "TFLite holds no names of inputs and outputs",
                             "TFLite does not hold that the outputs are the logits of classes"});
}

TEST_CASE("what an int8 TFLite file cannot hold is said") {
  Model model = pare::tests::random_int8_model({2, 3}, 1);
  auto& layer = std::get<Int8Layer>(model.layers[0]);
  layer.requantizing = Requantizing::double_rounding;
  CHECK(losses(model).empty());
  layer.requantizing = Requantizing::single_rounding;
  model.inputs.factor = RowVector::Constant(2, 5);
  model.outputs.offset = RowVector::Constant(3, 1);
  CHECK(losses(model) ==
        std::vector<std::string>{
            "an int8 file holds no scaling and no activation of its inputs: give it what the first "
            "layer sees, activation((input - offset) * factor)",
            "an int8 file holds no scaling of its outputs: take what it gives * factor + offset",
            "the layers round once, and TFLite Micro rounds twice: its outputs may be a step off"});
}

TEST_CASE("operators are of the versions that TensorFlow's runtime asks for") {
  const auto operators = [](const Model& model) {
    const Folder folder;
    write_model(model, folder.path() / "m.tflite");
    const std::string bytes = pare::tests::read_file(folder.path() / "m.tflite");
    std::string all;
    for (const tflite::Operator& op : tflite::parse(bytes).operators) {
      all += fmt::format("{} {} {}, ", op.name, op.version, op.fused);
    }
    return all;
  };
  Model model = pare::tests::random_model({2, 3, 1}, 1);
  std::get<DenseLayer>(model.layers[1]).activation = Activation::tanh;
  CHECK(operators(model) == "FULLY_CONNECTED 1 RELU, FULLY_CONNECTED 1 NONE, TANH 1 NONE, ");
  Model int8 = pare::tests::random_int8_model({2, 3}, 1);
  auto& layer = std::get<Int8Layer>(int8.layers[0]);
  layer.activation = Activation::tanh;
  layer.output = *table_output(layer.activation);
  int8.outputs.meaning = Meaning::probabilities;
  CHECK(operators(int8) == "FULLY_CONNECTED 4 NONE, TANH 2 NONE, SOFTMAX 2 NONE, ");
  layer.activation = *find_activation("leaky_relu");
  CHECK(operators(int8) == "FULLY_CONNECTED 4 NONE, LEAKY_RELU 1 NONE, SOFTMAX 2 NONE, ");
}

TEST_CASE("scaled int8 outputs in front of a softmax are refused: TFLite would not scale them") {
  Model model = pare::tests::random_int8_model({3, 4}, 5);
  std::get<Int8Layer>(model.layers[0]).requantizing = Requantizing::double_rounding;
  model.outputs = {RowVector::Constant(4, 2), {}, Meaning::probabilities};
  const pare::tests::Folder folder;
  const auto path = folder.path() / "m.tflite";
  CHECK_THROWS_WITH(
      write_model(model, path),
      doctest::Contains("outputs: an int8 file cannot scale them in front of a softmax"));
  CHECK_FALSE(std::filesystem::exists(path));
}
