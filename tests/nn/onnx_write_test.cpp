#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "nn/activation.h"
#include "nn/ends.h"
#include "nn/formats/safetensors.h"
#include "nn/forward.h"
#include "nn/quantization.h"
#include "nn/random.h"
#include "tests/nn/onnx_graph.h"

using namespace pare::nn;
using pare::tests::onnx_error;
using pare::tests::random_matrix;
using pare::tests::read_onnx;

namespace {

std::string written(const Model& model) {
  std::vector<std::string> losses;
  return kOnnx.write(model, losses);
}

Activation random_activation(Random& random) {
  const auto all = activation_functions();
  const auto function = all[random.below(static_cast<std::uint32_t>(all.size()))];
  return {function, function().info.alpha ? static_cast<float>(random.uniform(0.1, 0.9)) : 0};
}

RowVector random_row(Random& random, Index size, double low, double high) {
  RowVector row(size);
  for (float& value : row) value = static_cast<float>(random.uniform(low, high));
  return row;
}

std::vector<std::string> random_names(Random& random, Index count) {
  std::vector<std::string> names;
  for (Index i = 0; i < count && random.uniform(0, 1) < 0.9; ++i) {
    names.push_back(fmt::format("\"{}\" ü,{}", i, random.below(100)));
  }
  return static_cast<Index>(names.size()) == count ? names : std::vector<std::string>{};
}

/// Layers of random widths between ends that are there or not. Behind a last layer without an
/// activation a scale and an offset would go into its weights: there are none.
Model random_float_model(std::uint64_t seed) {
  Random random(seed, 1);
  Model model;
  Index inputs = 1 + static_cast<Index>(random.below(5));
  const bool is_scaled = random.below(2) == 0;
  if (is_scaled) {
    model.inputs.offset = random_row(random, inputs, -1e4, 1e4);
    model.inputs.factor = random_row(random, inputs, 1e-3, 10);
  }
  if (random.below(3) == 0) model.inputs.activation = random_activation(random);
  model.inputs.names = random_names(random, inputs);
  for (std::size_t layer = 0, layers = 1 + random.below(3); layer < layers; ++layer) {
    const Index outputs = 2 + static_cast<Index>(random.below(4));
    model.layers.emplace_back(DenseLayer{random_matrix(outputs, inputs, seed + layer),
                                         random_row(random, outputs, -1, 1).transpose(),
                                         random_activation(random)});
    inputs = outputs;
  }
  const bool is_plain =
      std::get<DenseLayer>(model.layers.back()).activation == Activation::identity;
  if (!is_plain && random.below(2) == 0) {
    model.outputs.factor = random_row(random, inputs, 0.1, 10);
    model.outputs.offset = random_row(random, inputs, -10, 10);
  } else {
    model.outputs.meaning = static_cast<Meaning>(random.below(4));
  }
  model.outputs.names = random_names(random, inputs);
  return model;
}

Quantization random_quantization(Random& random) {
  return {static_cast<float>(random.uniform(0.01, 0.1)),
          static_cast<std::int32_t>(random.below(200)) - 100};
}

Model random_int8_model(std::uint64_t seed) {
  Random random(seed, 2);
  Model model = random_float_model(seed);
  Quantization input = random_quantization(random);
  for (Layer& any : model.layers) {
    const auto& dense = std::get<DenseLayer>(any);
    Int8Layer layer;
    layer.weights.resize(dense.weights.rows(), dense.weights.cols());
    for (std::int8_t& weight : layer.weights.reshaped()) {
      weight = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
    }
    layer.bias.resize(dense.weights.rows());
    for (std::int32_t& bias : layer.bias)
      bias = static_cast<std::int32_t>(random.below(9999)) - 5000;
    const Index scales = random.below(2) == 0 ? 1 : dense.weights.rows();
    layer.weight_scales = random_row(random, scales, 0.001, 0.01).transpose();
    layer.input = input;
    layer.output = random_quantization(random);
    layer.activation = int8_activation(dense.activation, layer.output);
    if (has_table(layer.activation)) {
      layer.pre_activation = random_quantization(random);
      layer.output = table_output(layer.activation).value_or(layer.output);
    }
    layer.requantizing = static_cast<Requantizing>(random.below(2));
    input = layer.output;
    any = layer;
  }
  return model;
}

/// All that a model is, its layers bit for bit.
void check_same(const Model& a, const Model& b) {
  CHECK(to_safetensors(without_ends(a)) == to_safetensors(without_ends(b)));
  CHECK(a.inputs.offset == b.inputs.offset);
  CHECK(a.inputs.factor == b.inputs.factor);
  CHECK(a.inputs.activation == b.inputs.activation);
  CHECK(a.inputs.names == b.inputs.names);
  CHECK(a.outputs.factor == b.outputs.factor);
  CHECK(a.outputs.offset == b.outputs.offset);
  CHECK(a.outputs.meaning == b.outputs.meaning);
  CHECK(a.outputs.names == b.outputs.names);
}

}  // namespace

TEST_CASE("a float model comes back from an ONNX file bit for bit, with its ends and names") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    const Model model = random_float_model(seed);
    check(model);
    check_same(model, read_onnx(written(model)).model);
  }
}

TEST_CASE("an int8 model comes back from an ONNX file bit for bit, with its ends and names") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    const Model model = random_int8_model(seed);
    check(model);
    check_same(model, read_onnx(written(model)).model);
  }
}

TEST_CASE("a binary model comes back with the names of both classes") {
  Model model{{DenseLayer{Matrix{{1, -2}}, Vector{{0.5F}}, Activation::sigmoid}}};
  for (const std::vector<std::string>& names :
       {std::vector<std::string>{}, {"no", "yes"}, {"probability"}}) {
    model.outputs.names = names;
    check_same(model, read_onnx(written(model)).model);
  }
}

TEST_CASE("an outputs' scale behind a last layer without an activation goes into its weights") {
  Model model{{DenseLayer{Matrix{{1, -2}, {3, 4}}, Vector{{0.5F, 0.25F}}}}};
  model.outputs.factor = RowVector{{2, 0.5F}};
  model.outputs.offset = RowVector{{1, -1}};
  const Model read = read_onnx(written(model)).model;
  CHECK(read.outputs.factor.size() == 0);
  const Matrix samples = random_matrix(5, 2, 3);
  CHECK((forward(read, samples) - forward(model, samples)).cwiseAbs().maxCoeff() < 1e-6F);
}

TEST_CASE("the same model gives the same bytes") {
  CHECK(written(random_float_model(3)) == written(random_float_model(3)));
  CHECK(written(random_int8_model(3)) == written(random_int8_model(3)));
}

TEST_CASE("an int8 model's file says how others round, a float model's nothing") {
  std::vector<std::string> losses;
  kOnnx.write(random_float_model(1), losses);
  CHECK(losses.empty());
  kOnnx.write(random_int8_model(1), losses);
  CHECK(losses == std::vector<std::string>{
                      "ONNX runtimes round inputs and sums to 8 bits in float32, half to "
                      "even: outputs may be some steps away"});
}

TEST_CASE("an ONNX file begins as one, and no text does") {
  CHECK(kOnnx.recognizes(written(random_float_model(1))));
  CHECK_FALSE(kOnnx.recognizes("<!DOCTYPE html>"));
  CHECK_FALSE(kOnnx.recognizes("version https://git-lfs.github.com/spec/v1"));
  CHECK_FALSE(kOnnx.recognizes({"\x1c\0\0\0TFL3", 8}));
  CHECK_FALSE(kOnnx.recognizes(""));
}

TEST_CASE("a file that is cut anywhere is refused") {
  for (const Model& model : {random_float_model(6), random_int8_model(6)}) {
    const std::string whole = written(model);
    std::size_t accepted = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      accepted += onnx_error(whole.substr(0, size)).empty() ? 1U : 0U;
    }
    CHECK(accepted == 0);
    CHECK(onnx_error(whole.substr(0, whole.size() - 1)) ==
          "it is no ONNX model, or only a part of one; get it again");
  }
}

TEST_CASE("a file with a bit changed is refused, or still a model that passes every check") {
  constexpr int kRounds = 2000;
  Random random(5);
  for (const Model& model : {random_float_model(6), random_int8_model(6)}) {
    const std::string whole = written(model);
    int refused = 0;
    for (int i = 0; i < kRounds; ++i) {
      std::string damaged = whole;
      char& byte = damaged[random.below(static_cast<std::uint32_t>(whole.size()))];
      byte = static_cast<char>(byte ^ 1 << random.below(8));
      refused += onnx_error(damaged).empty() ? 0 : 1;
    }
    CHECK(refused > kRounds / 2);  // most bits are names, sizes and tags; the rest are numbers
  }
}
