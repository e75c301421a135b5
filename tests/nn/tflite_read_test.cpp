#include <doctest/doctest.h>

#include <algorithm>

#include "nn/activation.h"
#include "nn/forward.h"
#include "nn/quantization.h"
#include "tests/nn/tflite_graphs.h"

using namespace pare::nn;
using pare::tests::append;
using pare::tests::GraphBuilder;
using pare::tests::int8_layer;
using pare::tests::prepend;
using pare::tests::two_layers;
using tflite::kFloat16;
using tflite::kFloat32;
using tflite::kInt32;
using tflite::kInt8;
using tflite::kUint8;

namespace {

/// What a model gives for one sample.
std::vector<float> outputs_for(const Model& model, std::vector<float> inputs) {
  const Matrix outputs =
      forward(model, Eigen::Map<const RowVector>(inputs.data(), Index(inputs.size())));
  return {outputs.data(), outputs.data() + outputs.size()};
}

const DenseLayer& dense(const Model& model, std::size_t i) {
  return std::get<DenseLayer>(model.layers.at(i));
}

const Int8Layer& int8(const Model& model, std::size_t i) {
  return std::get<Int8Layer>(model.layers.at(i));
}

}  // namespace

TEST_CASE("a graph put together by hand computes what it says") {
  const Model model = two_layers().read().model;
  CHECK(dense(model, 0).weights == (Matrix(3, 2) << 1, 2, -3, 4, 5, -6).finished());
  CHECK(dense(model, 0).activation == Activation::relu);
  CHECK(dense(model, 1).bias == Vector::Zero(2));
  // x = (1, 1): hidden relu(1+2+1, -3+4+2, 5-6+3) = (4, 3, 2), outputs (4 + 1, -4 + 6)
  CHECK(outputs_for(model, {1, 1}) == std::vector<float>{5, 2});
}

TEST_CASE("scalings in front, with constants of every shape, are the inputs' own") {
  struct Constant {
    GraphBuilder::Indices shape;
    std::vector<float> values;
  };
  const std::vector<Constant> constants{
      {{}, {2}}, {{1}, {2}}, {{2}, {2, 4}}, {{1, 2}, {2, 4}}, {{1, 1, 1, 2}, {2, 4}}};
  for (const Constant& constant : constants) {
    CAPTURE(constant.shape.size());
    const float a = constant.values.front();
    const float b = constant.values.back();
    const auto scaled = [&](const char* name) {
      GraphBuilder builder = two_layers();
      prepend(builder, name, constant.shape, constant.values);
      return outputs_for(builder.read().model, {8, 12});
    };
    const Model plain = two_layers().read().model;
    CHECK(scaled("SUB") == outputs_for(plain, {8 - a, 12 - b}));
    CHECK(scaled("ADD") == outputs_for(plain, {8 + a, 12 + b}));
    CHECK(scaled("MUL") == outputs_for(plain, {8 * a, 12 * b}));
    CHECK(scaled("DIV") == outputs_for(plain, {8 / a, 12 / b}));
  }
}

TEST_CASE("a constant on the left of SUB turns the sign, and a fused activation follows") {
  GraphBuilder builder = two_layers();
  tflite::Operator& op = prepend(builder, "SUB", {2}, {5, 1});
  std::swap(op.inputs[0], op.inputs[1]);
  op.fused = "RELU";
  const Model model = builder.read().model;
  CHECK(model.inputs.activation == Activation::relu);
  CHECK(outputs_for(model, {4, 2}) == outputs_for(two_layers().read().model, {1, 0}));
}

TEST_CASE("a constant for the last dimension serves all others") {
  GraphBuilder builder;
  const auto input = builder.tensor("input", {1, 2, 3});
  const auto scaled = builder.tensor("scaled", {1, 2, 3});
  const auto output = builder.tensor("output", {1, 1});
  builder.op("MUL", {input, builder.constant<float>("c", {3}, {1, 10, 100})}, scaled);
  builder.op("FULLY_CONNECTED",
             {scaled, builder.constant<float>("w", {1, 6}, {1, 1, 1, 1, 1, 1}), -1}, output);
  builder.graph.inputs = {input};
  builder.graph.outputs = {output};
  CHECK(outputs_for(builder.read().model, {1, 2, 3, 4, 5, 6}) == std::vector<float>{975});
}

TEST_CASE("every activation of the runtime is read, with its parameter") {
  const std::vector<std::pair<std::string, std::string>> all{{"RELU", "relu"},
                                                             {"RELU6", "relu6"},
                                                             {"TANH", "tanh"},
                                                             {"LOGISTIC", "sigmoid"},
                                                             {"LEAKY_RELU", "leaky_relu(0.3)"},
                                                             {"ELU", "elu(1)"},
                                                             {"GELU", "gelu"}};
  for (const auto& names : all) {
    CAPTURE(names.first);
    GraphBuilder builder = two_layers();
    append(builder, names.first).alpha = 0.3F;
    CHECK(text(dense(builder.read().model, 1).activation) == names.second);
  }
}

TEST_CASE("softmax and its logarithm become what the outputs mean") {
  GraphBuilder softmax = two_layers();
  append(softmax, "SOFTMAX").beta = 1;
  CHECK(softmax.read().model.outputs.meaning == Meaning::probabilities);
  GraphBuilder logarithm = two_layers();
  append(logarithm, "LOG_SOFTMAX");
  CHECK(logarithm.read().model.outputs.meaning == Meaning::log_probabilities);
}

TEST_CASE("what changes no number is left out") {
  GraphBuilder builder = two_layers();
  const auto shape = builder.constant<std::int32_t>("shape", {2}, {1, 2}, kInt32);
  append(builder, "RESHAPE", {shape});
  append(builder, "SQUEEZE");
  append(builder, "EXPAND_DIMS", {shape});
  CHECK(builder.read().model.layers.size() == 2);
}

TEST_CASE("float16 weights behind a DEQUANTIZE are the float32 that they stand for") {
  GraphBuilder builder = two_layers();
  const std::vector<std::uint16_t> halves{0x3c00, 0x4000, 0xc200, 0x4400, 0x0001, 0x7bff};
  const auto stored = builder.constant("half", {3, 2}, halves, kFloat16);
  const auto weights = builder.tensor("w32", {3, 2});
  builder.op("DEQUANTIZE", {stored}, weights);
  builder.graph.operators[0].inputs[1] = weights;
  const ReadModel read = builder.read();
  CHECK(dense(read.model, 0).weights == (Matrix(3, 2) << 1, 2, -3, 4, 0x1p-24F, 65504).finished());
  CHECK(read.notes.empty());
}

TEST_CASE("int8 weights of float values are the reals that they stand for, row by row") {
  GraphBuilder builder = two_layers();
  const auto weights = builder.constant<std::int8_t>("w8", {3, 2}, {1, 2, -128, 4, 5, 127}, kInt8);
  builder.scale_tensor(weights, {0.5F, 0.1F, 3});
  builder.graph.operators[0].inputs[1] = weights;
  const ReadModel read = builder.read();
  CHECK(dense(read.model, 0).weights ==
        (Matrix(3, 2) << 0.5F, 1, -128 * 0.1F, 4 * 0.1F, 15, 381).finished());
  CHECK(read.notes.size() == 1);
}

TEST_CASE("layers may share a constant") {
  GraphBuilder builder = two_layers();
  const auto zeros = builder.constant<float>("zeros", {2}, {0, 0});
  const auto square = builder.constant<float>("s", {2, 2}, {1, 1, 0, 1});
  append(builder, "FULLY_CONNECTED", {square, zeros});
  append(builder, "FULLY_CONNECTED", {square, zeros});
  CHECK(outputs_for(builder.read().model, {1, 1}) == std::vector<float>{9, 2});
}

TEST_CASE("an output that is named is taken alone, without the inputs that only others need") {
  GraphBuilder builder = two_layers();
  const auto other = builder.tensor("state", {1, 2});
  const auto sum = builder.tensor("sum", {1, 2});
  builder.op("ADD", {builder.graph.outputs[0], other}, sum);
  builder.graph.inputs.push_back(other);
  builder.graph.outputs.push_back(sum);
  CHECK(builder.read("output").model.layers.size() == 2);
}

TEST_CASE("an int8 layer is read with the file's own numbers") {
  const Int8Layer layer = int8(int8_layer().read().model, 0);
  CHECK(layer.weights == (Int8Matrix(2, 2) << 1, -2, 127, -127).finished());
  CHECK(layer.bias == (Int32Vector(2) << 10, -20).finished());
  CHECK(layer.weight_scales == Vector::Constant(1, 0.125F));
  CHECK(layer.input == Quantization{0.5F, -1});
  CHECK(layer.output == Quantization{0.25F, 3});
  CHECK(layer.activation == Activation::identity);
  CHECK(layer.requantizing == Requantizing::double_rounding);
}

TEST_CASE("a fused RELU6 is looked up unless int8 ends at 6 or below") {
  GraphBuilder builder = int8_layer();
  builder.graph.operators[0].fused = "RELU6";
  const Int8Layer cut = int8(builder.read().model, 0);
  CHECK(cut.activation == Activation::relu6);
  CHECK(cut.pre_activation == cut.output);
  builder.at(builder.graph.outputs[0]).zero_points = {103};  // 103 + 6 / 0.25 = 127
  CHECK(int8(builder.read().model, 0).activation == Activation::relu);
}

TEST_CASE("operators behind an int8 layer are its activation") {
  const auto with = [](const std::string& name, float scale, std::int64_t zero_point) {
    GraphBuilder builder = int8_layer();
    append(builder, name).alpha = 0.5F;
    builder.scale_tensor(builder.graph.outputs[0], {scale}, zero_point);
    return int8(builder.read().model, 0);
  };
  const Int8Layer tanh = with("TANH", 1.0F / 128, 0);
  CHECK(tanh.activation == Activation::tanh);
  CHECK(tanh.pre_activation == Quantization{0.25F, 3});
  CHECK(tanh.output == Quantization{1.0F / 128, 0});
  CHECK(with("LOGISTIC", 1.0F / 256, -128).activation == Activation::sigmoid);
  CHECK(text(with("LEAKY_RELU", 0.1F, 5).activation) == "leaky_relu(0.5)");
  CHECK(with("RELU", 0.25F, 3).activation == Activation::relu);
  CHECK(with("RELU6", 0.25F, 3).pre_activation == Quantization{0.25F, 3});
}

TEST_CASE("reals at both ends of int8 layers, and a softmax there, are the model's own") {
  GraphBuilder builder = int8_layer();
  const auto reals = builder.tensor("reals", {1, 2});
  builder.op("QUANTIZE", {reals}, builder.graph.inputs[0]);
  auto& operators = builder.graph.operators;
  std::swap(operators[0], operators[1]);
  builder.graph.inputs[0] = reals;
  append(builder, "DEQUANTIZE");
  builder.at(builder.graph.outputs[0]).type = kFloat32;
  append(builder, "SOFTMAX").beta = 1;
  const ReadModel read = builder.read();
  CHECK(int8(read.model, 0).output == Quantization{0.25F, 3});
  CHECK(read.model.outputs.meaning == Meaning::probabilities);
  CHECK(read.notes.empty());
}

TEST_CASE("a softmax in int8 is left to float32, with a note") {
  GraphBuilder builder = int8_layer();
  append(builder, "SOFTMAX").beta = 1;
  const ReadModel read = builder.read();
  CHECK(read.model.outputs.meaning == Meaning::probabilities);
  CHECK(read.notes == std::vector<std::string>{"operator 1 'appended' (SOFTMAX): it is computed in "
                                               "float32 here, and in int8 by the file"});
}

TEST_CASE("a uint8 file whose weights fit int8 gives the same outputs, 128 above") {
  GraphBuilder builder = int8_layer();
  const std::vector<std::uint8_t> weights{101, 98, 227, 0};  // 1, -2, 127, -100 above 100
  for (const auto index : {builder.graph.inputs[0], builder.graph.outputs[0]}) {
    builder.at(index).type = kUint8;
    builder.at(index).zero_points[0] += 128;
  }
  const auto unsigned_weights = builder.constant("w8", {2, 2}, weights, kUint8);
  builder.scale_tensor(unsigned_weights, {0.125F}, 100);
  builder.graph.operators[0].inputs[1] = unsigned_weights;
  const Int8Layer layer = int8(builder.read().model, 0);
  CHECK(layer.weights == (Int8Matrix(2, 2) << 1, -2, 127, -100).finished());
  CHECK(layer.input == Quantization{0.5F, -1});
  CHECK(layer.output == Quantization{0.25F, 3});
}

TEST_CASE("a QUANTIZE between uint8 and int8 of the same scale changes nothing") {
  GraphBuilder builder = int8_layer();
  const auto input = builder.tensor("input_u8", {1, 2}, kUint8, 0.5F, 127);
  builder.op("QUANTIZE", {input}, builder.graph.inputs[0]);
  std::swap(builder.graph.operators[0], builder.graph.operators[1]);
  builder.graph.inputs[0] = input;
  CHECK(int8(builder.read().model, 0).input == Quantization{0.5F, -1});
}
