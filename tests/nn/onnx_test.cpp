#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <functional>

#include "nn/activation.h"
#include "nn/forward.h"
#include "tests/nn/onnx_dense.h"

using namespace pare::nn;
using namespace pare::tests;
using onnx::Type;

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
