#include <doctest/doctest.h>

#include <cmath>

#include "nn/activation.h"
#include "nn/forward.h"
#include "nn/quantization.h"
#include "tests/nn/onnx_graph.h"

using namespace pare::nn;
using onnx::Type;
using pare::tests::onnx_error;
using pare::tests::OnnxGraph;
using pare::tests::read_onnx;

namespace {

using Names = std::vector<std::string>;

const Int8Matrix kWeights{{10, -20}, {127, 3}, {-127, 64}};  // [outputs, inputs]
const Int32Vector kBias{{100, -2000, 7}};
constexpr Quantization kInput{0.05F, -3};
constexpr Quantization kOutput{0.4F, 12};
constexpr float kWeightScale = 0.02F;

template <class T>
std::vector<T> elements(const Int8Matrix& matrix, bool transposed, int zero_point = 0) {
  const Int8Matrix rows = transposed ? Int8Matrix(matrix.transpose()) : matrix;
  std::vector<T> values;
  for (const std::int8_t value : rows.reshaped<Eigen::RowMajor>()) {
    values.push_back(static_cast<T>(value + zero_point));
  }
  return values;
}

/// A scale and a zero point in int8, or in uint8, which are the same with 128 more.
Names grid(OnnxGraph& graph, const std::string& name, const Quantization& q, bool is_unsigned) {
  graph.scalar(name + "_scale", q.scale);
  if (is_unsigned) {
    const auto zero = static_cast<std::uint8_t>(q.zero_point + 128);
    graph.constant(name + "_zero", {}, std::vector{zero}, Type::uint8);
  } else {
    const auto zero = static_cast<std::int8_t>(q.zero_point);
    graph.constant(name + "_zero", {}, std::vector{zero}, Type::int8);
  }
  return {name + "_scale", name + "_zero"};
}

/// To integers and back.
std::string quantized(OnnxGraph& graph, const std::string& x, const Quantization& q,
                      bool is_unsigned, const std::string& y) {
  const Names scale = grid(graph, y, q, is_unsigned);
  graph.node("QuantizeLinear", {x, scale[0], scale[1]}, y + "_q");
  return graph.node("DequantizeLinear", {y + "_q", scale[0], scale[1]}, y);
}

/// Weights and bias of one scale, through DequantizeLinear.
Names dequantized_layer(OnnxGraph& graph) {
  graph.constant("W_q", {3, 2}, elements<std::int8_t>(kWeights, false), Type::int8);
  graph.node("DequantizeLinear", {"W_q", graph.scalar("W_scale", kWeightScale)}, "W");
  graph.constant("b_q", {3}, std::vector<std::int32_t>(kBias.begin(), kBias.end()), Type::int32);
  graph.node("DequantizeLinear", {"b_q", graph.scalar("b_scale", kInput.scale * kWeightScale)},
             "b");
  return {"W", "b"};
}

OnnxGraph two_inputs() {
  OnnxGraph graph;
  graph.input("x", {"batch", 2});
  graph.output("y");
  return graph;
}

/// The layer that all of these graphs are to give.
void check_layer(const Layer& layer, Activation activation = Activation::identity) {
  const auto& int8 = std::get<Int8Layer>(layer);
  CHECK(int8.weights == kWeights);
  CHECK(int8.bias == kBias);
  CHECK(int8.weight_scales == Vector{{kWeightScale}});
  CHECK(int8.input == kInput);
  CHECK(int8.output == kOutput);
  CHECK(int8.activation == activation);
  CHECK(int8.requantizing == Requantizing::single_rounding);
}

/// Gemm between QuantizeLinear and DequantizeLinear, and what `add` puts between it and them.
template <class Add>
OnnxGraph qdq(Add add, bool is_unsigned = false) {
  OnnxGraph graph = two_inputs();
  const std::string x = quantized(graph, "x", kInput, is_unsigned, "in");
  const Names layer = dequantized_layer(graph);
  graph.node("Gemm", {x, layer[0], layer[1]}, "h");
  graph.set("transB", 1);
  add(graph);
  return graph;
}

}  // namespace

TEST_CASE("Gemm between QuantizeLinear and DequantizeLinear is an int8 layer, of int8 or uint8") {
  for (const bool is_unsigned : {false, true}) {
    const ReadModel read =
        read_onnx(qdq([&](OnnxGraph& graph) { quantized(graph, "h", kOutput, is_unsigned, "y"); },
                      is_unsigned)
                      .bytes());
    REQUIRE(read.model.layers.size() == 1);
    check_layer(read.model.layers[0]);
    CHECK(read.notes ==
          Names{"sums are rounded to 8 bits once, by integers; other runtimes, which use float32, "
                "may give outputs that are a step away"});
  }
}

TEST_CASE("a bias with a scale of its own, or of reals, is rounded to the scale that a layer has") {
  for (const bool is_real : {false, true}) {
    OnnxGraph graph = qdq([](OnnxGraph& g) { quantized(g, "h", kOutput, false, "y"); });
    for (auto& tensor : *graph.file.mutable_graph()->mutable_initializer()) {
      if (tensor.name() != "b_scale") continue;
      const float scale = 3 * kInput.scale * kWeightScale;
      tensor.set_raw_data(&scale, sizeof(scale));
    }
    if (is_real) {
      std::vector<float> bias;
      for (const std::int32_t value : kBias) {
        bias.push_back(3.001F * static_cast<float>(value) * kInput.scale * kWeightScale);
      }
      graph.constant("c", {3}, bias);
      for (auto& node : *graph.file.mutable_graph()->mutable_node()) {
        if (node.op_type() == "Gemm") node.set_input(2, "c");
      }
    }
    const Model model = read_onnx(graph.bytes()).model;
    CHECK(std::get<Int8Layer>(model.layers.at(0)).bias ==
          (is_real ? Int32Vector{{300, -6002, 21}} : Int32Vector{{300, -6000, 21}}));
  }
}

TEST_CASE("a Relu is a clamp, in front of QuantizeLinear or between two with the same scale") {
  const ReadModel before = read_onnx(qdq([](OnnxGraph& graph) {
                                       graph.node("Relu", {"h"}, "r");
                                       quantized(graph, "r", kOutput, false, "y");
                                     }).bytes());
  check_layer(before.model.layers.at(0), Activation::relu);
  const ReadModel between = read_onnx(qdq([](OnnxGraph& graph) {
                                        quantized(graph, "h", kOutput, false, "a");
                                        graph.node("Relu", {"a"}, "r");
                                        quantized(graph, "r", kOutput, false, "y");
                                      }).bytes());
  check_layer(between.model.layers.at(0), Activation::relu);
}

TEST_CASE(
    "an activation between two quantizations is a table, a softmax behind the outputs' meaning") {
  const Model tanh = read_onnx(qdq([](OnnxGraph& graph) {
                                 quantized(graph, "h", kOutput, false, "a");
                                 graph.node("Tanh", {"a"}, "t");
                                 quantized(graph, "t", {1.0F / 128, 0}, false, "q");
                                 graph.node("Softmax", {"q"}, "y");
                               }).bytes())
                         .model;
  const auto& layer = std::get<Int8Layer>(tanh.layers.at(0));
  CHECK(layer.pre_activation == kOutput);
  CHECK(layer.output == Quantization{1.0F / 128, 0});
  CHECK(layer.activation == Activation::tanh);
  CHECK(tanh.outputs.meaning == Meaning::probabilities);
}

TEST_CASE("Sub in front and Mul behind are an int8 model's ends") {
  OnnxGraph graph = two_inputs();
  graph.node("Sub", {"x", graph.constant("mean", {2}, std::vector<float>{5, -7})}, "c");
  quantized(graph, "c", kInput, false, "in");
  const Names layer = dequantized_layer(graph);
  graph.node("Gemm", {"in", layer[0], layer[1]}, "h");
  graph.set("transB", 1);
  quantized(graph, "h", kOutput, false, "q");
  graph.node("Mul", {"q", graph.scalar("two", 2)}, "y");
  const Model model = read_onnx(graph.bytes()).model;
  check_layer(model.layers.at(0));
  CHECK(model.inputs.offset == RowVector{{5, -7}});
  CHECK(model.outputs.factor == RowVector{{2, 2, 2}});
}

TEST_CASE("QLinearMatMul and QGemm are int8 layers, with uint8 weights around 128 too") {
  for (const bool has_unsigned_weights : {false, true}) {
    OnnxGraph graph = two_inputs();
    const Names in = grid(graph, "in", kInput, true);
    const Names out = grid(graph, "out", kOutput, true);
    graph.node("QuantizeLinear", {"x", in[0], in[1]}, "q");
    graph.scalar("W_scale", kWeightScale);
    if (has_unsigned_weights) {
      graph.constant("W", {3, 2}, elements<std::uint8_t>(kWeights, false, 128), Type::uint8);
      graph.constant("W_zero", {}, std::vector<std::uint8_t>{128}, Type::uint8);
    } else {
      graph.constant("W", {3, 2}, elements<std::int8_t>(kWeights, false), Type::int8);
      graph.constant("W_zero", {}, std::vector<std::int8_t>{0}, Type::int8);
    }
    graph.constant("b", {3}, std::vector<std::int32_t>(kBias.begin(), kBias.end()), Type::int32);
    graph.node("com.microsoft.QGemm",
               {"q", in[0], in[1], "W", "W_scale", "W_zero", "b", out[0], out[1]}, "h");
    graph.set("transB", 1);
    graph.node("DequantizeLinear", {"h", out[0], out[1]}, "y");
    check_layer(read_onnx(graph.bytes()).model.layers.at(0));
  }
  OnnxGraph graph = two_inputs();
  const Names in = grid(graph, "in", kInput, false);
  const Names out = grid(graph, "out", kOutput, false);
  graph.node("QuantizeLinear", {"x", in[0], in[1]}, "q");
  graph.constant("W", {2, 3}, elements<std::int8_t>(kWeights, true), Type::int8);
  graph.constant("W_scale", {3}, std::vector<float>{1, 2, 3});
  graph.constant("W_zero", {3}, std::vector<std::int8_t>{0, 0, 0}, Type::int8);
  graph.node("QLinearMatMul", {"q", in[0], in[1], "W", "W_scale", "W_zero", out[0], out[1]}, "h");
  graph.node("DequantizeLinear", {"h", out[0], out[1]}, "y");
  const Model model = read_onnx(graph.bytes()).model;
  const auto& layer = std::get<Int8Layer>(model.layers.at(0));
  CHECK(layer.weights == kWeights);
  CHECK(layer.weight_scales == Vector{{1, 2, 3}});
  CHECK(layer.bias == Int32Vector::Zero(3));
}

TEST_CASE("a scale for each output may stand in front of a Transpose") {
  OnnxGraph graph = two_inputs();
  quantized(graph, "x", kInput, false, "in");
  graph.constant("W_q", {3, 2}, elements<std::int8_t>(kWeights, false), Type::int8);
  graph.node("DequantizeLinear",
             {"W_q", graph.constant("W_scale", {3}, std::vector<float>{1, 2, 3})}, "W");
  graph.set("axis", 0);
  graph.node("Transpose", {"W"}, "V");
  graph.node("MatMul", {"in", "V"}, "h");
  quantized(graph, "h", kOutput, false, "y");
  const Model model = read_onnx(graph.bytes()).model;
  const auto& layer = std::get<Int8Layer>(model.layers.at(0));
  CHECK(layer.weights == kWeights);
  CHECK(layer.weight_scales == Vector{{1, 2, 3}});
}

TEST_CASE("MatMulInteger, its scales behind it, is an int8 layer too") {
  OnnxGraph graph = two_inputs();
  const Names in = grid(graph, "in", kInput, true);
  graph.node("QuantizeLinear", {"x", in[0], in[1]}, "q");
  graph.constant("W", {2, 3}, elements<std::int8_t>(kWeights, true), Type::int8);
  graph.node("MatMulInteger", {"q", "W", in[1]}, "i");
  graph.node("Cast", {"i"}, "f");
  graph.set("to", 1);
  graph.node("Mul", {"f", graph.scalar("scale", kInput.scale * kWeightScale)}, "m");
  std::vector<float> bias;
  for (const std::int32_t value : kBias) {
    bias.push_back(static_cast<float>(value) * kInput.scale * kWeightScale);
  }
  graph.node("Add", {"m", graph.constant("b", {3}, bias)}, "h");
  quantized(graph, "h", kOutput, true, "y");
  const Model model = read_onnx(graph.bytes()).model;
  const auto& layer = std::get<Int8Layer>(model.layers.at(0));
  CHECK(layer.weights == kWeights);
  CHECK(layer.bias == kBias);
  CHECK(layer.weight_scales[0] == doctest::Approx(kWeightScale));
}

TEST_CASE(
    "weights that alone are integers, and inputs quantized while it runs, make a float model") {
  Matrix expected = kWeights.cast<float>() * kWeightScale;
  OnnxGraph weights_only = two_inputs();
  const Names layer = dequantized_layer(weights_only);
  weights_only.node("Gemm", {"x", layer[0]}, "y");
  weights_only.set("transB", 1);
  OnnxGraph dynamic = two_inputs();
  dynamic.node("DynamicQuantizeLinear", {"x"}, "q");
  dynamic.last().add_output("s");
  dynamic.last().add_output("z");
  dynamic.constant("W", {2, 3}, elements<std::int8_t>(kWeights, true), Type::int8);
  dynamic.constant("W_zero", {}, std::vector<std::int8_t>{0}, Type::int8);
  dynamic.node("MatMulInteger", {"q", "W", "z", "W_zero"}, "i");
  dynamic.node("Cast", {"i"}, "f");
  dynamic.set("to", 1);
  dynamic.node("Mul", {"s", dynamic.scalar("W_scale", kWeightScale)}, "m");
  dynamic.node("Mul", {"f", "m"}, "y");
  const ReadModel a = read_onnx(weights_only.bytes());
  const ReadModel b = read_onnx(dynamic.bytes());
  CHECK(std::get<DenseLayer>(a.model.layers.at(0)).weights == expected);
  CHECK(std::get<DenseLayer>(b.model.layers.at(0)).weights == expected);
  CHECK(a.notes == Names{"weights are int8 in the file, and float32 here"});
  CHECK(b.notes.at(0) ==
        "the node that gives 'i' (MatMulInteger): the file rounds its inputs to 8 bits, and here "
        "they stay float32");
}

TEST_CASE("what is half quantized, or otherwise than here, is refused") {
  const auto error = [](auto add) { return onnx_error(qdq(add).bytes()); };
  const std::string place = "the node that gives 'h' (Gemm): ";
  CHECK(
      error([](OnnxGraph& graph) {
        quantized(graph, "h", kOutput, false, "a");
        graph.node("MatMul", {"a", graph.constant("V", {3, 1}, std::vector<float>{1, 2, 3})}, "y");
      }) ==
      "the node that gives 'y' (MatMul): its weights are reals, and other values are integers");
  CHECK(error([](OnnxGraph& graph) {
          graph.node("Tanh", {"h"}, "t");
          quantized(graph, "t", {1.0F / 128, 0}, false, "y");
        }) == place + "it is not quantized in front of tanh");
  CHECK(error([](OnnxGraph& graph) {
          quantized(graph, "h", kOutput, false, "a");
          graph.node("Tanh", {"a"}, "t");
          quantized(graph, "t", {0.0078F, 0}, false, "y");
        }) == place +
                  "the outputs of tanh behind it have scale 0.0078 and zero point 0; only "
                  "0.0078125 and 0 are supported");
  CHECK(error([](OnnxGraph& graph) {
          quantized(graph, "h", kOutput, false, "a");
          graph.node("Relu", {"a"}, "r");
          quantized(graph, "r", {0.2F, -128}, false, "y");
        }) == place + "it is quantized in front of relu and otherwise behind it");
  CHECK(error([](OnnxGraph& graph) {
          quantized(graph, "h", kOutput, false, "a");
          graph.node("DequantizeLinear", {"a_q", "in_scale", "in_zero"}, "y");
        }) ==
        "the node that gives 'y' (DequantizeLinear): it reads integers of scale 0.05 and zero "
        "point -3, and is given scale 0.4 and zero point 12");
  CHECK(error([](OnnxGraph& graph) {
          graph.node("DequantizeLinear", {"h", "in_scale", "in_zero"}, "y");
        }) ==
        "the node that gives 'y' (DequantizeLinear): it reads integers, and its input is reals");
  CHECK(error([](OnnxGraph& graph) {
          quantized(graph, "h", kOutput, false, "a");
          graph.node("Relu", {"a_q"}, "y");
        }) ==
        "the node that gives 'y' (Relu): it reads integers, which DequantizeLinear should make "
        "reals of");
  OnnxGraph low = qdq([](OnnxGraph& graph) { quantized(graph, "h", kOutput, false, "y"); });
  for (auto& tensor : *low.file.mutable_graph()->mutable_initializer()) {
    if (tensor.name() == "W_q") (*tensor.mutable_raw_data())[0] = -128;
  }
  CHECK(onnx_error(low.bytes()) ==
        "an element of 'W_q' [3, 2] less its zero point is -128; weights have to be in [-127, "
        "127]: quantize them symmetrically");
}
