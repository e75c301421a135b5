#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <functional>

#include "nn/activation.h"
#include "nn/forward.h"
#include "tests/nn/onnx_graph.h"

using namespace pare::nn;
using onnx::Type;
using pare::tests::onnx_error;
using pare::tests::OnnxGraph;
using pare::tests::random_matrix;
using pare::tests::read_onnx;

namespace {

const Matrix kWeights{{1, 2}, {3, -4}, {0.5F, 6}};  // [outputs, inputs]

/// The elements of a matrix, or of its transpose, row by row.
std::vector<float> elements(const Matrix& matrix, bool transposed = false) {
  const Matrix rows = transposed ? Matrix(matrix.transpose()) : matrix;
  return {rows.data(), rows.data() + rows.size()};
}

/// A graph that reads "x" [batch, 2] and is to give "y".
OnnxGraph two_inputs(int opset = 13) {
  OnnxGraph graph(opset);
  graph.input("x", {"batch", 2});
  graph.output("y");
  return graph;
}

/// The value of a dense layer with kWeights and no bias.
std::string dense(OnnxGraph& graph, const std::string& x, const std::string& y) {
  return graph.node("MatMul", {x, graph.constant("W", {2, 3}, elements(kWeights, true))}, y);
}

Matrix run(const OnnxGraph& graph, const Matrix& x) {
  return forward(read_onnx(graph.bytes()).model, x);
}

double distance(const Matrix& a, const Matrix& b) {
  return (a - b).cast<double>().cwiseAbs().maxCoeff();
}

/// What the nodes of `add` make of the outputs of a dense layer, x kWeights'.
template <class Add>
Model behind_dense(Add add, int opset = 13) {
  OnnxGraph graph = two_inputs(opset);
  add(graph, dense(graph, "x", "h"));
  return read_onnx(graph.bytes()).model;
}

const Matrix kSamples{{1, 0}, {-2, 0.5F}, {0, -3}};
const Matrix kDense = kSamples * kWeights.transpose();

}  // namespace

TEST_CASE("a Gemm gives alpha A B + beta C, with C of every shape that fits, or none") {
  struct Bias {
    std::vector<int> shape;
    std::vector<float> values;
  };
  for (const Bias& bias : {Bias{{}, {2}}, Bias{{1}, {2}}, Bias{{3}, {1, 2, 3}},
                           Bias{{1, 3}, {1, 2, 3}}, Bias{{1, 1}, {-1}}, Bias{{0}, {}}}) {
    for (const bool transposed : {false, true}) {
      OnnxGraph graph = two_inputs();
      std::vector<std::string> inputs{
          "x", graph.constant("W", transposed ? std::vector{3, 2} : std::vector{2, 3},
                              elements(kWeights, !transposed))};
      if (!bias.values.empty()) inputs.push_back(graph.constant("c", bias.shape, bias.values));
      graph.node("Gemm", inputs, "y");
      if (transposed) graph.set("transB", 1);
      graph.set("alpha", 0.5F);
      graph.set("beta", 2.0F);
      Matrix expected = kDense / 2;
      for (Index j = 0; j < 3 && !bias.values.empty(); ++j) {
        expected.col(j).array() +=
            2 * bias.values[bias.values.size() == 1 ? 0 : static_cast<std::size_t>(j)];
      }
      CHECK(distance(run(graph, kSamples), expected) == 0);
    }
  }
}

TEST_CASE("W x reads a vector, a column and a transposed row") {
  const std::vector<float> w = elements(kWeights);
  OnnxGraph vector;
  vector.input("x", {2});
  vector.output("y", {3});
  vector.node("MatMul", {vector.constant("W", {3, 2}, w), "x"}, "h");
  vector.node("Add", {"h", vector.constant("b", {3}, std::vector<float>{1, 2, 3})}, "y");
  OnnxGraph column;
  column.input("x", {2, 1});
  column.output("y", {3, 1});
  column.node("Gemm",
              {column.constant("W", {3, 2}, w), "x",
               column.constant("b", {3, 1}, std::vector<float>{1, 2, 3})},
              "y");
  OnnxGraph row;
  row.input("x", {1, 2});
  row.output("y", {3, 1});
  row.node(
      "Gemm",
      {row.constant("W", {3, 2}, w), "x", row.constant("b", {3, 1}, std::vector<float>{1, 2, 3})},
      "y");
  row.set("transB", 1);
  const Matrix expected = kDense.rowwise() + RowVector{{1, 2, 3}};
  for (const OnnxGraph& graph : {vector, column, row}) {
    CHECK(distance(run(graph, kSamples), expected) == 0);
  }
}

TEST_CASE("Sub and Mul in front are the inputs' offset and factor, bit for bit") {
  OnnxGraph graph = two_inputs();
  graph.node("Sub", {"x", graph.constant("mean", {1, 2}, std::vector<float>{1e7F, -0.3F})}, "a");
  graph.node("Mul", {"a", graph.constant("scale", {2}, std::vector<float>{1e-7F, 3e6F})}, "b");
  dense(graph, "b", "y");
  const Model model = read_onnx(graph.bytes()).model;
  CHECK(model.inputs.offset == RowVector{{1e7F, -0.3F}});
  CHECK(model.inputs.factor == RowVector{{1e-7F, 3e6F}});
  CHECK(std::get<DenseLayer>(model.layers[0]).weights == kWeights);
}

TEST_CASE("a constant may stand on either side of Add, Sub and Mul, and behind Div") {
  const auto with = [](const std::string& op, bool first, const std::vector<int>& shape) {
    OnnxGraph graph = two_inputs();
    const std::string h = dense(graph, "x", "h");
    const int count = shape.empty() ? 1 : 3;
    std::vector<float> values{2, 4, -8};
    values.resize(static_cast<std::size_t>(count));
    const std::string c = graph.constant("c", shape, values);
    graph.node(op, first ? std::vector{c, h} : std::vector{h, c}, "y");
    return run(graph, kSamples);
  };
  const RowVector c{{2, 4, -8}};
  for (const std::vector<int>& shape : {std::vector{3}, {1, 3}, {1, 1, 1, 3}}) {
    CHECK(distance(with("Add", false, shape), kDense.rowwise() + c) == 0);
    CHECK(distance(with("Add", true, shape), kDense.rowwise() + c) == 0);
    CHECK(distance(with("Sub", false, shape), kDense.rowwise() - c) == 0);
    CHECK(distance(with("Sub", true, shape), (-kDense).rowwise() + c) == 0);
    CHECK(distance(with("Mul", true, shape), kDense * c.asDiagonal()) == 0);
    CHECK(distance(with("Div", false, shape), kDense * c.cwiseInverse().asDiagonal()) == 0);
  }
  CHECK(distance(with("Sub", true, {}), (2 - kDense.array()).matrix()) == 0);
}

TEST_CASE("a constant in front is spread over all axes that it has") {
  const auto offset = [](const std::vector<int>& shape, const std::vector<float>& values) {
    OnnxGraph graph;
    graph.input("x", {"N", 2, 3});
    graph.output("y");
    graph.node("Sub", {"x", graph.constant("c", shape, values)}, "s");
    graph.node("Flatten", {"s"}, "f");
    graph.node("MatMul", {"f", graph.constant("W", {6, 1}, std::vector<float>(6, 1))}, "y");
    return read_onnx(graph.bytes()).model.inputs.offset;
  };
  CHECK(offset({2, 3}, {1, 2, 3, 4, 5, 6}) == RowVector{{1, 2, 3, 4, 5, 6}});
  CHECK(offset({1, 2, 1}, {1, 2}) == RowVector{{1, 1, 1, 2, 2, 2}});
  CHECK(offset({3}, {1, 2, 3}) == RowVector{{1, 2, 3, 1, 2, 3}});
}

TEST_CASE("BatchNormalization is (x - mean) / sqrt(variance + epsilon) * scale + offset") {
  const Model model = behind_dense([](OnnxGraph& graph, const std::string& h) {
    graph.node("BatchNormalization",
               {h, graph.constant("s", {3}, std::vector<float>{1, 2, -1}),
                graph.constant("o", {3}, std::vector<float>{0, 1, 2}),
                graph.constant("m", {3}, std::vector<float>{1, 0, -1}),
                graph.constant("v", {3}, std::vector<float>{3, 0, 24})},
               "y");
    graph.set("epsilon", 1.0F);
  });
  Matrix expected = kDense;
  expected.col(0) = (kDense.col(0).array() - 1) / 2;
  expected.col(1) = kDense.col(1).array() * 2 + 1;
  expected.col(2) = (kDense.col(2).array() + 1) / -5 + 2;
  CHECK(distance(forward(model, kSamples), expected) < 1e-6);
}

TEST_CASE("Clip is relu6, relu or nothing, by attributes before opset 11 and by inputs then") {
  const auto last = [](const Model& model) {
    return std::get<DenseLayer>(model.layers.back()).activation;
  };
  const auto by_attributes = [&](float low, float high) {
    return last(behind_dense(
        [&](OnnxGraph& graph, const std::string& h) {
          graph.node("Clip", {h}, "y");
          graph.set("min", low);
          graph.set("max", high);
        },
        9));
  };
  const auto by_inputs = [&](const std::vector<std::string>& bounds) {
    return last(behind_dense([&](OnnxGraph& graph, const std::string& h) {
      graph.scalar("zero", 0);
      graph.scalar("six", 6);
      std::vector<std::string> inputs{h};
      inputs.insert(inputs.end(), bounds.begin(), bounds.end());
      graph.node("Clip", inputs, "y");
    }));
  };
  CHECK(by_attributes(0, 6) == Activation::relu6);
  CHECK(by_attributes(0, 3.4028235e38F) == Activation::relu);
  CHECK(by_inputs({"zero", "six"}) == Activation::relu6);
  CHECK(by_inputs({"zero"}) == Activation::relu);
  CHECK(by_inputs({"zero", ""}) == Activation::relu);
  CHECK(by_inputs({}) == Activation::identity);
}

TEST_CASE("every activation that ONNX has an operator for is found by it") {
  for (const auto function : activation_functions()) {
    const ActivationInfo& info = function().info;
    if (info.onnx.empty() || info.onnx == "Clip") continue;
    CAPTURE(info.name);
    const Model model = behind_dense(
        [&](OnnxGraph& graph, const std::string& h) {
          graph.node(std::string(info.onnx), {h}, "y");
          if (info.alpha) graph.set("alpha", 0.375F);
        },
        20);
    const Activation found = std::get<DenseLayer>(model.layers.back()).activation;
    CHECK(found == Activation{function, info.alpha ? 0.375F : 0});
  }
}

TEST_CASE("LeakyRelu without alpha has 0.01, Elu 1") {
  const auto found = [](const char* op) {
    const Model model =
        behind_dense([op](OnnxGraph& graph, const std::string& h) { graph.node(op, {h}, "y"); });
    return text(std::get<DenseLayer>(model.layers.back()).activation);
  };
  CHECK(found("LeakyRelu") == "leaky_relu(0.01)");
  CHECK(found("Elu") == "elu(1)");
}

TEST_CASE("gelu is found in every order of its nodes, and silu") {
  using Graph = OnnxGraph;
  using Text = std::string;
  const auto erf = [](Graph& g, const Text& h, const char* op, float root) {
    g.scalar("half", 0.5F);
    g.node("Erf", {g.node(op, {h, g.scalar("root", root)}, "a")}, "b");
    return g.node("Add", {"b", g.scalar("one", 1)}, "c");
  };
  const std::vector<std::function<void(Graph&, const Text&)>> orders{
      [&](Graph& g, const Text& h) {
        g.node("Mul", {g.node("Mul", {h, erf(g, h, "Div", 1.41421354F)}, "d"), "half"}, "y");
      },
      [&](Graph& g, const Text& h) {
        erf(g, h, "Mul", 0.707106769F);
        g.node("Mul", {g.node("Mul", {h, "half"}, "d"), "c"}, "y");
      },
      [&](Graph& g, const Text& h) {
        erf(g, h, "Div", 1.41421354F);
        g.node("Mul", {g.node("Mul", {"half", "c"}, "d"), h}, "y");
      },
      [&](Graph& g, const Text& h) {
        erf(g, h, "Div", 1.41421354F);
        g.node("Mul", {"half", g.node("Mul", {"c", h}, "d")}, "y");
      }};
  for (const auto& order : orders) {
    const Model model = behind_dense(order);
    CHECK(std::get<DenseLayer>(model.layers.at(0)).activation == find_activation("gelu"));
    CHECK(model.outputs.factor.size() == 0);
  }
  const Model silu = behind_dense([](Graph& g, const Text& h) {
    g.node("Mul", {g.node("Sigmoid", {h}, "s"), h}, "y");
  });
  CHECK(std::get<DenseLayer>(silu.layers.at(0)).activation == find_activation("silu"));
}

TEST_CASE("a function that is only near gelu is refused, and gelu is named") {
  OnnxGraph g = two_inputs();
  const std::string h = dense(g, "x", "h");
  g.node("Pow", {h, g.scalar("three", 3)}, "a");
  g.node("Mul", {"a", g.scalar("k", 0.044715F)}, "b");
  g.node("Add", {h, "b"}, "c");
  g.node("Mul", {"c", g.scalar("root", 0.7978846F)}, "d");
  g.node("Tanh", {"d"}, "e");
  g.node("Add", {"e", g.scalar("one", 1)}, "f");
  g.node("Mul", {h, "f"}, "m");
  g.node("Mul", {"m", g.scalar("half", 0.5F)}, "y");
  CHECK(
      onnx_error(g.bytes()) ==
      "the node that gives 'a' (Pow): it and the nodes up to the node that gives 'm' (Mul) make a "
      "function that is not supported; the nearest is gelu, which differs by up to 4.7e-04");
}

TEST_CASE("a softmax at the end is the outputs' meaning") {
  const auto meaning = [](const char* op, int axis, int opset) {
    return behind_dense(
               [&](OnnxGraph& graph, const std::string& h) {
                 graph.node(op, {h}, "y");
                 graph.set("axis", axis);
               },
               opset)
        .outputs.meaning;
  };
  CHECK(meaning("Softmax", -1, 13) == Meaning::probabilities);
  CHECK(meaning("Softmax", 1, 13) == Meaning::probabilities);
  CHECK(meaning("Softmax", 1, 9) == Meaning::probabilities);
  CHECK(meaning("LogSoftmax", -1, 13) == Meaning::log_probabilities);
  const auto column = [](int opset) {  // without an axis
    OnnxGraph graph = two_inputs(opset);
    dense(graph, "x", "h");
    graph.node("Reshape",
               {"h", graph.constant("s", {3}, std::vector<Index>{-1, 3, 1}, Type::int64)}, "r");
    graph.node("Softmax", {"r"}, "y");
    return onnx_error(graph.bytes());
  };
  CHECK(column(12).empty());
  CHECK(
      column(13) ==
      "the node that gives 'y' (Softmax): it sums over 1 of the 3 values of shape [1, 3, 1]; only "
      "over all is supported");
}

TEST_CASE("inputs of one to four dimensions are flattened, whatever their batch is called") {
  using Extent = OnnxGraph::Extent;
  const std::vector<std::vector<Extent>> shapes{
      {2}, {1, 2}, {3, 2}, {"N", 2}, {"?", 1, 2}, {1, 2, 1}, {5, 1, 1, 2}, {"N", "features"}, {}};
  for (const std::vector<Extent>& shape : shapes) {
    CAPTURE(shape.size());
    OnnxGraph graph;
    graph.input("x", shape);
    graph.output("y");
    if (shape.empty()) graph.file.mutable_graph()->mutable_input(0)->clear_type();
    graph.node("Sub", {"x", graph.scalar("c", 1)}, "s");
    if (shape.size() > 1) graph.node("Flatten", {"s"}, "f");
    dense(graph, shape.size() > 1 ? "f" : "s", "y");
    const Model model = read_onnx(graph.bytes()).model;
    CHECK(input_count(model) == 2);
    const Matrix shifted = kSamples.array() - 1;
    CHECK(distance(forward(model, kSamples), shifted * kWeights.transpose()) == 0);
  }
}

TEST_CASE("nodes that only change a shape change no value") {
  OnnxGraph graph(13);
  graph.input("x", {"N", 1, 2});
  graph.output("y");
  const auto shape = [&](const char* name, const std::vector<Index>& values) {
    return graph.constant(name, {static_cast<int>(values.size())}, values, Type::int64);
  };
  graph.node("Squeeze", {"x", shape("one", {1})}, "a");
  graph.node("Unsqueeze", {"a", shape("ends", {0, -1})}, "b");
  graph.node("Reshape", {"b", shape("flat", {-1, 2})}, "c");
  graph.node("Identity", {"c"}, "d");
  graph.node("Dropout", {"d"}, "e");
  graph.node("Cast", {"e"}, "f");
  graph.set("to", 11);
  dense(graph, "f", "g");
  graph.node("Transpose", {"g"}, "h");
  graph.node("Reshape", {"h", shape("same", {1, 0})}, "z");
  graph.node("Reshape", {"h", shape("row", {1, 3})}, "y");
  CHECK(distance(run(graph, kSamples), kDense) == 0);
}

TEST_CASE("a Reshape may compute its shape of its value's, as PyTorch's x.view(x.size(0), -1)") {
  OnnxGraph graph;
  graph.input("x", {"N", 1, 2});
  graph.output("y");
  const auto integers = [&](const char* name, const std::vector<int>& shape, Index value) {
    return graph.constant(name, shape, std::vector{value}, Type::int64);
  };
  graph.node("Shape", {"x"}, "shape");
  graph.node("Gather", {"shape", integers("first", {}, 0)}, "size");
  graph.node("Unsqueeze", {"size", integers("axis", {1}, 0)}, "batch");
  graph.node("Concat", {"batch", integers("rest", {1}, -1)}, "flat");
  graph.node("Reshape", {"x", "flat"}, "f");
  dense(graph, "f", "y");
  CHECK(distance(run(graph, kSamples), kDense) == 0);
}

TEST_CASE("constants may come from nodes that read constants") {
  OnnxGraph graph = two_inputs();
  const auto as_tensor = [&](const std::string& output, const std::vector<int>& shape,
                             const std::vector<float>& values) {
    graph.node("Constant", {}, output);
    onnx::proto::Tensor& tensor = *graph.attribute("value", 4).mutable_t();
    tensor.set_data_type(1);
    for (const int extent : shape) tensor.add_dims(extent);
    *tensor.mutable_float_data() = {values.begin(), values.end()};
    return output;
  };
  graph.node("Constant", {}, "two");
  graph.set("value_float", 2.0F);
  graph.node("Constant", {}, "row");
  graph.set("value_floats", std::vector<float>{1, 2, 3});
  graph.node("Constant", {}, "shape");
  graph.set("value_ints", std::vector<int>{1, -1});
  graph.node("Transpose", {as_tensor("W", {3, 2}, elements(kWeights))}, "transposed");
  graph.node("Identity", {"transposed"}, "weights");
  graph.node("MatMul", {"x", "weights"}, "h");
  graph.node("Cast", {graph.node("Reshape", {"row", "shape"}, "wide")}, "bias");
  graph.set("to", 1);
  graph.node("Add", {"h", "bias"}, "a");
  graph.node("Mul", {"a", "two"}, "y");
  const Matrix expected = 2 * (kDense.rowwise() + RowVector{{1, 2, 3}});
  CHECK(distance(run(graph, kSamples), expected) == 0);
}

TEST_CASE("numbers lie in raw data or in a field of their type, and are float32 here") {
  const std::vector<double> doubles{1, 3, 0.5, 2, -4, 6};  // kWeights, transposed
  const std::vector<std::uint16_t> halves{0x3c00, 0x4200, 0x3800, 0x4000, 0xc400, 0x4600};
  for (const int form : {0, 1, 2, 3, 4}) {
    CAPTURE(form);
    OnnxGraph graph = two_inputs();
    graph.node("MatMul", {"x", "W"}, "y");
    onnx::proto::Tensor& tensor = *graph.file.mutable_graph()->add_initializer();
    tensor.set_name("W");
    tensor.add_dims(2);
    tensor.add_dims(3);
    if (form == 0) *tensor.mutable_float_data() = {doubles.begin(), doubles.end()};
    if (form == 1) *tensor.mutable_double_data() = {doubles.begin(), doubles.end()};
    if (form == 2) tensor.set_raw_data(doubles.data(), 48);
    if (form == 3) *tensor.mutable_int32_data() = {halves.begin(), halves.end()};
    if (form == 4) tensor.set_raw_data(halves.data(), 12);
    tensor.set_data_type(form == 0 ? 1 : (form < 3 ? 11 : 10));
    const ReadModel read = read_onnx(graph.bytes());
    CHECK(std::get<DenseLayer>(read.model.layers[0]).weights == kWeights);
    CHECK(read.notes.size() == (form == 0 ? 0 : 1));
    if (form == 1) {
      CHECK(read.notes.at(0) == "weights are float64 in the file, and float32 here");
    }
  }
}

TEST_CASE("a Cast to float16 rounds nothing here, which is said") {
  OnnxGraph graph = two_inputs();
  graph.node("Cast", {"x"}, "c");
  graph.set("to", 10);
  dense(graph, "c", "y");
  CHECK(read_onnx(graph.bytes()).notes ==
        std::vector<std::string>{
            "the node that gives 'c' (Cast): its values are float32 here, not float16"});
}

TEST_CASE("what the wanted output does not need falls away") {
  OnnxGraph graph = two_inputs();
  graph.input("unused", {3});
  dense(graph, "x", "y");
  graph.node("RandomNormal", {}, "noise");
  graph.node("Add", {"y", "noise"}, "sample");
  graph.node("Add", {"y", "unused"}, "other");
  CHECK(distance(run(graph, kSamples), kDense) == 0);
  graph.output("sample");
  const ReadModel read = read_onnx(graph.bytes(), {.output = "y"});
  CHECK(distance(forward(read.model, kSamples), kDense) == 0);
  CHECK(read.notes ==
        std::vector<std::string>{"input unused [3] is left out: the output does not need it",
                                 "output 'y' is taken, not sample"});
}
