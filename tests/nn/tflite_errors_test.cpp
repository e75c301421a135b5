// What a TFLite file must not hold, and what the message about it says.
#include <doctest/doctest.h>

#include <limits>

#include "tests/nn/tflite_graphs.h"

using namespace pare::nn;
using pare::tests::append;
using pare::tests::GraphBuilder;
using pare::tests::int8_layer;
using pare::tests::prepend;
using pare::tests::two_layers;
using tflite::kFloat32;
using tflite::kInt8;

namespace {

const std::string kHidden = "operator 0 'hidden' (FULLY_CONNECTED): ";
const std::string kInt8Layer = "operator 0 'output' (FULLY_CONNECTED): ";

/// The error after a change.
std::string error(GraphBuilder builder, const auto& change) {
  change(builder);
  return builder.error();
}

std::string float_error(const auto& change) { return error(two_layers(), change); }
std::string int8_error(const auto& change) { return error(int8_layer(), change); }

tflite::Tensor& weights(GraphBuilder& builder) {
  return builder.at(builder.graph.operators[0].inputs[1]);
}

}  // namespace

TEST_CASE("all operators that are not supported are named at once, with what comes nearest") {
  GraphBuilder builder = two_layers();
  append(builder, "HARD_SWISH");
  append(builder, "CUSTOM:TANH");
  append(builder, "CONV_2D");
  append(builder, "GELU").approximate = true;
  CHECK(builder.error() ==
        "4 things in it are not read:\n"
        "  operator 2 'appended' (HARD_SWISH): it is not supported; the nearest that is: RELU6\n"
        "  operator 3 'appended' (CUSTOM:TANH): it is not supported; the nearest that is: "
        "FULLY_CONNECTED\n"
        "  operator 4 'appended' (CONV_2D): it is not supported; the nearest that is: "
        "FULLY_CONNECTED\n"
        "  operator 5 'appended' (GELU): it is approximated by tanh; only the exact GELU is "
        "supported");
}

TEST_CASE("a graph that is no chain is refused") {
  CHECK(float_error([](GraphBuilder& b) { append(b, "ADD", {b.graph.operators[0].outputs[0]}); }) ==
        "operator 2 'appended' (ADD): it joins 'output' and 'hidden'; an MLP is a chain of layers");
  CHECK(float_error([](GraphBuilder& b) { append(b, "CONCATENATION", {b.graph.outputs[0]}); }) ==
        "operator 2 'appended' (CONCATENATION): it is not supported; the nearest that is: "
        "FULLY_CONNECTED");
  CHECK(float_error([](GraphBuilder& b) { b.graph.inputs.clear(); }) ==
        "tensor 'input' is needed before an operator computes it");
  CHECK(float_error([](GraphBuilder& b) {
          std::swap(b.graph.operators[0], b.graph.operators[1]);
        }) == "tensor 'hidden' is needed before an operator computes it");
  CHECK(float_error([](GraphBuilder& b) { append(b, "SOFTMAX").beta = 1, append(b, "RELU"); }) ==
        "operator 3 'appended' (RELU): it follows a softmax, which has to be the last");
  CHECK(float_error([](GraphBuilder& b) { b.graph.outputs = b.graph.inputs; }) ==
        "there is no dense layer between its input and its output");
}

TEST_CASE("of several outputs one has to be named") {
  GraphBuilder builder = two_layers();
  const auto other = builder.tensor("other", {1, 3});
  builder.op("SIN", {builder.graph.operators[0].outputs[0]}, other);
  builder.graph.outputs.push_back(other);
  const std::string outputs =
      "; take one with output = \"NAME\":\n"
      "  'output' [1, 2]\n"
      "  'other' [1, 3], which is not read";
  CHECK(builder.error() == "it has 2 outputs" + outputs);
  CHECK(builder.error("ouput") == "it has no output 'ouput'" + outputs);
  CHECK(builder.error("output") == "it was read");
  builder.graph.outputs.clear();
  CHECK(builder.error() == "it has no output");
}

TEST_CASE("weights must be constants of a legal type, size and value") {
  CHECK(float_error([](GraphBuilder& b) { weights(b).data.remove_suffix(4); }) ==
        kHidden + "tensor 'w' of shape [3, 2] has 20 bytes, expected 24");
  CHECK(float_error([](GraphBuilder& b) { weights(b).type = "INT4"; }) ==
        kHidden + "tensor 'w' is INT4, expected FLOAT32");
  CHECK(float_error([](GraphBuilder& b) { weights(b).sparse = true; }) ==
        kHidden + "tensor 'w' is stored as a sparse one; convert without sparsity");
  CHECK(float_error([](GraphBuilder& b) { weights(b).data = {}; }) ==
        kHidden + "its weights must be a constant");
  CHECK(float_error([](GraphBuilder& b) { weights(b).shape = {6}; }) ==
        kHidden + "its weights have the shape [6], expected [outputs, inputs]");
  CHECK(float_error([](GraphBuilder& b) {
          weights(b).shape = {2, 3};
        }) == kHidden + "its weights take 3 values, and a sample of 'input' has 2");
  CHECK(float_error([](GraphBuilder& b) { b.graph.operators[0].inputs[2] = 4; }) ==
        kHidden + "it has 6 biases for 3 outputs");
  CHECK(float_error([](GraphBuilder& b) { b.graph.operators[0].shuffled = true; }) ==
        kHidden + "its weights are shuffled; convert without SHUFFLED4x16INT8");
  const std::vector<float> nan(6, std::numeric_limits<float>::quiet_NaN());
  CHECK(float_error([&](GraphBuilder& b) {
          b.graph.operators[0].inputs[1] = b.constant("n", {3, 2}, nan);
        }) == kHidden + "tensor 'n' holds a number that is not finite");
}

TEST_CASE("shapes must be known, and those of a sample") {
  CHECK(float_error([](GraphBuilder& b) {
          b.at(0).shape = {1, 1, -2};
        }) == kHidden + "tensor 'input' has the shape [1, 1, -2]");
  CHECK(float_error([](GraphBuilder& b) {
          b.at(0).shape = {1 << 30, 1 << 30};
        }) == kHidden + "tensor 'input' has the shape [1073741824, 1073741824]");
  CHECK(float_error([](GraphBuilder& b) {
          b.at(0).signature = {-1, -1};
        }) == kHidden + "dimension 1 of tensor 'input' is open; only the first, the batch, may be");
  CHECK(float_error([](GraphBuilder& b) { b.at(0).signature = {-1, 2}; }) == "it was read");
  CHECK(float_error([](GraphBuilder& b) {
          b.at(0).shape = {1, 7, 2};
        }) == kHidden + "its weights take 2 values, and a sample of 'input' has 14");
  CHECK(float_error([](GraphBuilder& b) {
          b.at(append(b, "RESHAPE").outputs[0]).shape = {1, 3};
        }) == "operator 2 'appended' (RESHAPE): it changes the size");
}

TEST_CASE("what is fused, and options, must be supported") {
  CHECK(float_error([](GraphBuilder& b) { b.graph.operators[0].fused = "RELU_N1_TO_1"; }) ==
        kHidden + "the RELU_N1_TO_1 that it ends in is not supported; the nearest that is: TANH");
  CHECK(float_error([](GraphBuilder& b) { append(b, "SOFTMAX").beta = 2; }) ==
        "operator 2 'appended' (SOFTMAX): its beta is 2, expected 1");
  CHECK(float_error([](GraphBuilder& b) {
          b.at(append(b, "LOG_SOFTMAX").inputs[0]).shape = {1, 2, 1};
        }) ==
        "operator 2 'appended' (LOG_SOFTMAX): it is taken over a part of the values, not over all");
  CHECK(float_error([](GraphBuilder& b) { append(b, "LEAKY_RELU").alpha = -1; }) ==
        "layer 1: leaky_relu has alpha -1; it must be 0 or more, and finite");
}

TEST_CASE("a scaling must be by constants that fit") {
  CHECK(float_error([](GraphBuilder& b) {
          prepend(b, "MUL", {3}, {1, 2, 3});
        }) ==
        "operator 0 'scaled' (MUL): its constant of shape [3] does not fit a sample of 'input', "
        "[1, 2]");
  CHECK(float_error([](GraphBuilder& b) {
          prepend(b, "DIV", {2}, {1, 0});
        }) == "operator 0 'scaled' (DIV): it divides by 0");
  CHECK(float_error([](GraphBuilder& b) {
          auto& op = prepend(b, "DIV", {2}, {1, 2});
          std::swap(op.inputs[0], op.inputs[1]);
        }) ==
        "operator 0 'scaled' (DIV): it divides a constant; a division by a constant is supported");
  CHECK(float_error([](GraphBuilder& b) {
          prepend(b, "ADD", {2}, {1, 2}).inputs.pop_back();
        }) == "operator 0 'scaled' (ADD): it does not have two inputs");
}

TEST_CASE("an int8 layer must be one that int8 computes exactly") {
  CHECK(int8_error([](GraphBuilder& b) {
          b.graph.operators[0].inputs[1] =
              b.constant<std::int8_t>("m", {2, 2}, {1, 2, 3, -128}, kInt8);
          b.scale_tensor(b.graph.operators[0].inputs[1], {0.125F});
        }) == kInt8Layer +
                  "its INT8 weights, less their zero point, go from -128 to 3, and those "
                  "of int8 lie in [-127, 127]; convert the model to int8 again");
  CHECK(int8_error([](GraphBuilder& b) { weights(b).zero_points = {1}; }) ==
        kInt8Layer + "tensor 'w' is INT8 with zero point 1, expected 0");
  CHECK(int8_error([](GraphBuilder& b) {
          weights(b).scales = {1, 2, 3};
        }) ==
        kInt8Layer + "tensor 'w' has 3 scales in dimension 0, expected 1, or 2 in dimension 0");
  CHECK(int8_error([](GraphBuilder& b) { b.at(2).scales = {0.0626F}; }) ==
        kInt8Layer +
            "the scale of its bias is 0.0626 for output 0; input scale * weight scale is "
            "0.0625");
  CHECK(int8_error([](GraphBuilder& b) {
          b.at(0).scales = {1, 2};
        }) == kInt8Layer + "tensor 'input' has 2 scales and 1 zero points, expected one of each");
  CHECK(int8_error([](GraphBuilder& b) { b.at(0).scales = {-1}; }) ==
        kInt8Layer + "tensor 'input' has scale -1");
  CHECK(int8_error([](GraphBuilder& b) { b.at(3).zero_points = {128}; }) ==
        kInt8Layer + "tensor 'output' has zero point 128, outside [-128, 127]");
  CHECK(int8_error([](GraphBuilder& b) { b.graph.operators[0].fused = "TANH"; }) ==
        kInt8Layer +
            "it ends in TANH, which TFLite does not compute in INT8; an operator of its "
            "own is supported");
  CHECK(int8_error([](GraphBuilder& b) { weights(b).type = "INT4"; }) ==
        kInt8Layer +
            "its weights are INT4 and its input is INT8; supported are INT8 with INT8, "
            "UINT8 with UINT8, and FLOAT32 or INT8 with FLOAT32");
  CHECK(int8_error([](GraphBuilder& b) { b.at(0).type = b.at(3).type = "INT16"; }) ==
        kInt8Layer + "it makes INT16 of INT16; FLOAT32, INT8 and UINT8 are supported");
  CHECK(int8_error([](GraphBuilder& b) { weights(b).scales = {1e7F}, b.at(2).scales = {}; }) ==
        "layer 0: output 0 could overflow its 32-bit accumulator");
}

TEST_CASE("operators on int8 must be those that int8 layers have") {
  const auto behind = [](const std::string& name, float scale, std::int64_t zero_point) {
    return int8_error([&](GraphBuilder& b) {
      append(b, name);
      b.scale_tensor(b.graph.outputs[0], {scale}, zero_point);
    });
  };
  CHECK(behind("RELU", 0.5F, 3) ==
        "operator 1 'appended' (RELU): it changes the scale from 0.25 to 0.5, or the zero point; "
        "supported is one that is fused, or changes neither");
  CHECK(behind("ELU", 0.25F, 3) ==
        "operator 1 'appended' (ELU): it is not supported on INT8, as TANH, LOGISTIC, LEAKY_RELU, "
        "RELU and RELU6 are");
  CHECK(behind("MUL", 0.25F, 3) ==
        "operator 1 'appended' (MUL): it is not supported on INT8, as TANH, LOGISTIC, LEAKY_RELU, "
        "RELU and RELU6 are");
  CHECK(behind("TANH", 0.25F, 3) ==
        "layer 0: the outputs of tanh must have scale 0.0078125 and zero point 0");
  CHECK(behind("RESHAPE", 0.5F, 3) ==
        "operator 1 'appended' (RESHAPE): it changes the scale or the zero point");
  CHECK(behind("QUANTIZE", 0.5F, 3) ==
        "operator 1 'appended' (QUANTIZE): it changes the scale or the zero point of what is "
        "quantized already");
}

TEST_CASE("float32 and int8 layers are not mixed") {
  CHECK(float_error([](GraphBuilder& b) { b.at(append(b, "QUANTIZE").outputs[0]).type = kInt8; }) ==
        "operator 2 'appended' (QUANTIZE): it is not the first; supported are layers that are all "
        "in INT8, or none");
  CHECK(int8_error([](GraphBuilder& b) {
          b.at(append(b, "DEQUANTIZE").outputs[0]).type = kFloat32;
          append(b, "TANH");
        }) == "operator 2 'appended' (TANH): it is in FLOAT32, and layers before it are in INT8");
  CHECK(int8_error([](GraphBuilder& b) {
          const auto reals = b.tensor("reals", {1, 2});
          b.op("DEQUANTIZE", {b.graph.inputs[0]}, reals);
          b.graph.outputs = {reals};
        }) == "operator 1 'reals' (DEQUANTIZE): it has no layers in INT8 before it");
}
