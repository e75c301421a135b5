#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <limits>

#include "tests/nn/onnx_graph.h"

using namespace pare::nn;
using pare::tests::Folder;
using pare::tests::onnx_error;
using pare::tests::OnnxGraph;

namespace {

const std::vector<float> kSix{1, 2, 3, 4, 5, 6};

/// x [batch, 2], a MatMul with "W" [2, 3], y.
OnnxGraph small(int opset = 13) {
  OnnxGraph graph(opset);
  graph.input("x", {"batch", 2});
  graph.output("y", {"batch", 3});
  graph.node("MatMul", {"x", graph.constant("W", {2, 3}, kSix)}, "y");
  return graph;
}

onnx::proto::Tensor& weights(OnnxGraph& graph) {
  return *graph.file.mutable_graph()->mutable_initializer(0);
}

/// What is said of a graph with one more node, "y2" = op("y", ...), as output.
std::string behind(const std::string& op, const std::vector<std::string>& more = {},
                   const std::function<void(OnnxGraph&)>& set = {}) {
  OnnxGraph graph = small();
  graph.file.mutable_graph()->mutable_output(0)->set_name("y2");
  std::vector<std::string> inputs{"y"};
  inputs.insert(inputs.end(), more.begin(), more.end());
  graph.scalar("zero", 0);
  graph.scalar("one", 1);
  graph.constant("two", {2}, std::vector<float>{1, 2});
  graph.node(op, inputs, "y2");
  if (set) set(graph);
  const std::string text = onnx_error(graph.bytes());
  const std::string place = "the node that gives 'y2' (" + op + "): ";
  return text.starts_with(place) ? text.substr(place.size()) : text;
}

std::string with_input(const std::vector<OnnxGraph::Extent>& shape) {
  OnnxGraph graph = small();
  graph.file.mutable_graph()->clear_input();
  graph.input("x", shape);
  return onnx_error(graph.bytes());
}

}  // namespace

TEST_CASE("all that is not supported is said at once, with its place and what is") {
  OnnxGraph graph = small();
  graph.file.mutable_graph()->mutable_output(0)->set_name("z");
  graph.node("HardSwish", {"y"}, "a");
  graph.node("MatMul", {"a", graph.constant("V", {3, 3}, std::vector<float>(9, 1))}, "b");
  graph.node("HardSwish", {"b"}, "c");
  graph.node("MatMul", {"c", "V"}, "d");
  graph.last().set_name("blocks/1/MatMul");
  graph.node("Add", {"c", "d"}, "e");
  graph.node("com.example.Magic", {"e"}, "f");
  graph.node("If", {"f"}, "z");
  CHECK(
      onnx_error(graph.bytes()) ==
      "4 things in it cannot be read:\n"
      "  the node that gives 'a' (HardSwish) and 1 more of these: HardSwish is not supported; the "
      "nearest supported one is x * Sigmoid(x), silu\n"
      "  node 'blocks/1/MatMul' (MatMul): the graph branches at 'c' and joins again at the node "
      "that gives 'e' (Add); only a chain of layers is supported\n"
      "  the node that gives 'f' (com.example.Magic): com.example.Magic is not supported\n"
      "  the node that gives 'z' (If): If is not supported; export the model without control flow");
}

TEST_CASE("an operator that does what is not supported says so") {
  CHECK(behind("Gelu", {}, [](OnnxGraph& graph) { graph.set("approximate", "tanh"); }) ==
        "its approximate='tanh' is not supported; approximate='none' is");
  CHECK(behind("Clip", {"one"}) ==
        "it clips to [1, 3.4028234663852886e+38]; only [0, 6] is supported, which is relu6, and 0 "
        "alone, which is relu");
  CHECK(behind("Div", {"zero"}) == "it divides by 0");
  CHECK(behind("Add", {"two"}) == "its constant of shape [2] does not fit a value of shape [1, 3]");
  CHECK(behind("Cast", {}, [](OnnxGraph& graph) { graph.set("to", 7); }) ==
        "it casts values to int64; only floating-point types are supported");
  CHECK(behind("Dropout", {"one", "one"}) ==
        "it is not for inference; export the model with model.eval()");
  CHECK(behind("Softmax", {}, [](OnnxGraph& graph) { graph.set("axis", 0); }) ==
        "it sums over 1 of the 3 values of shape [1, 3]; only over all is supported");
  CHECK(behind("Softmax", {}, [](OnnxGraph& graph) { graph.set("axis", 2); }) ==
        "its axis 2 is beyond 2 dimensions");
  CHECK(behind("Gemm", {"W"}) == "its weights 'W' [2, 3] do not fit a value of shape [1, 3]");
  CHECK(behind("Gemm") == "it has 1 inputs, and needs 2");
  CHECK(behind("LeakyRelu", {}, [](OnnxGraph& graph) { graph.set("alpha", 1); }) ==
        "its attribute 'alpha' is of another type");
  CHECK(behind("Reshape", {"y"}) ==
        "the graph branches at 'y' and joins again at the node that gives 'y2' (Reshape); only a "
        "chain of layers is supported");
}

TEST_CASE("a constant over a value, one for each sample, and an axis that is moved are refused") {
  OnnxGraph graph = small();
  graph.file.mutable_graph()->mutable_output(0)->set_name("z");
  graph.node("Div", {graph.scalar("one", 1), "y"}, "z");
  CHECK(onnx_error(graph.bytes()) ==
        "the node that gives 'z' (Div): it divides a constant by a value, which is not supported");
  OnnxGraph batch = small();
  batch.file.mutable_graph()->clear_input();
  batch.input("x", {2, 2});
  batch.file.mutable_graph()->mutable_output(0)->set_name("z");
  batch.node("Add", {batch.constant("b", {2, 3}, kSix), "y"}, "z");
  CHECK(onnx_error(batch.bytes()) ==
        "the node that gives 'z' (Add): its constant of shape [2, 3] has other values for each "
        "sample of a batch of 2");
  OnnxGraph moved;
  moved.input("x", {1, 2, 3});
  moved.output("y");
  moved.node("Transpose", {"x"}, "t");
  moved.node("Flatten", {"t"}, "f");
  moved.node("MatMul", {"f", moved.constant("W", {6, 1}, kSix)}, "y");
  CHECK(
      onnx_error(moved.bytes()) ==
      "the node that gives 't' (Transpose): it changes the order of the values of shape [1, 2, 3], "
      "which is not supported");
}

TEST_CASE("an input that does not fit says its shape") {
  CHECK(with_input({"batch", 3}) ==
        "its input x [batch, 3] does not fit its first dense layer, which reads 2 values");
  CHECK(with_input({4, 1}) ==
        "its input x [4, 1] does not fit its first dense layer, which reads 2 values");
  CHECK(
      with_input({"batch", "time", "features"}) ==
      "its input x [batch, time, features] has several dimensions of unknown size; export it with "
      "fixed ones");
  CHECK(with_input({1 << 30, 1 << 30, 1 << 30}) ==
        "the shape [1073741824, 1073741824, 1073741824] has no elements, or too many");
  CHECK(with_input({2, 1, 1}) ==
        "the node that gives 'y' (MatMul): its weights 'W' [2, 3] do not fit a value of shape "
        "[2, 1, 1]");
  OnnxGraph spread;
  spread.input("x", {1, 7, 2});
  spread.output("y");
  spread.node("Relu", {"x"}, "r");
  spread.node("MatMul", {"r", spread.constant("W", {2, 3}, kSix)}, "y");
  CHECK(onnx_error(spread.bytes()) ==
        "its input x [1, 7, 2] does not fit its first dense layer, which reads 2 values");
}

TEST_CASE("a graph that is none says what is wrong with it") {
  OnnxGraph missing = small();
  missing.node("Add", {"y", "b"}, "z");
  missing.file.mutable_graph()->mutable_output(0)->set_name("z");
  CHECK(onnx_error(missing.bytes()) == "the node that gives 'z' (Add): nothing gives 'b'");
  OnnxGraph circle = small();
  circle.node("Add", {"y", "c"}, "b");
  circle.node("Relu", {"b"}, "c");
  circle.file.mutable_graph()->mutable_output(0)->set_name("c");
  CHECK(onnx_error(circle.bytes()) ==
        "the node that gives 'c' reads what it gives itself, by way of others");
  OnnxGraph twice = small();
  twice.node("Relu", {"x"}, "y");
  CHECK(onnx_error(twice.bytes()) == "'y' is given by two nodes");
  OnnxGraph none = small();
  none.file.mutable_graph()->clear_output();
  CHECK(onnx_error(none.bytes()) == "its graph has no output; it may be cut short");
  CHECK(onnx_error(small().bytes(), {.output = "Y"}) ==
        "it has no output 'Y'; did you mean 'y'?; it has y [batch, 3]");
  OnnxGraph two = small();
  two.input("b", {"batch", 3});
  two.node("Add", {"y", "b"}, "z");
  two.file.mutable_graph()->mutable_output(0)->set_name("z");
  CHECK(onnx_error(two.bytes()) ==
        "its output 'z' depends on 2 inputs: x [batch, 2], b [batch, 3]; a model has one");
  OnnxGraph flat = small();
  flat.file.mutable_graph()->mutable_node(0)->set_op_type("Relu");
  flat.file.mutable_graph()->mutable_node(0)->mutable_input()->RemoveLast();
  CHECK(onnx_error(flat.bytes()) ==
        "there is no dense layer (Gemm, MatMul) between its input and its output");
}

TEST_CASE("a constant that is none says what is wrong with it") {
  const std::string place = "the node that gives 'y' (MatMul): the constant 'W': ";
  OnnxGraph graph = small();
  weights(graph).mutable_raw_data()->pop_back();
  CHECK(onnx_error(graph.bytes()) ==
        place + "its shape [2, 3] of float32 needs 24 bytes, and it has 23");
  weights(graph).set_dims(0, 0);
  CHECK(onnx_error(graph.bytes()) == place + "the shape [0, 3] has no elements, or too many");
  weights(graph).set_dims(0, std::numeric_limits<std::int64_t>::max());
  CHECK(onnx_error(graph.bytes()) ==
        place + "the shape [9223372036854775807, 3] has no elements, or too many");
  weights(graph).set_dims(0, 2);
  weights(graph).set_data_type(16);
  CHECK(onnx_error(graph.bytes()) ==
        place + "its type bfloat16 is not supported; float32, float64, float16 and integers are");
  weights(graph).set_data_type(99);
  CHECK(onnx_error(graph.bytes()) ==
        place + "its type number 99 is not supported; float32, float64, float16 and integers are");
  OnnxGraph infinite = small();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  weights(infinite).mutable_raw_data()->replace(8, 4, reinterpret_cast<const char*>(&nan), 4);
  CHECK(onnx_error(infinite.bytes()) ==
        "a value of the constant 'W' [2, 3] is not a finite number");
  OnnxGraph computed = small();
  computed.node("Exp", {"W"}, "V");
  computed.file.mutable_graph()->mutable_node(0)->set_input(1, "V");
  CHECK(onnx_error(computed.bytes()) ==
        "the node that gives 'V' (Exp): it computes a constant; have constants folded before the "
        "export");
}

TEST_CASE("an opset that is not supported is named") {
  CHECK(onnx_error(small(6).bytes()) ==
        "it uses opset 6, and 7 to 22 are supported; export it with opset_version=13");
  CHECK(onnx_error(small(23).bytes()) ==
        "it uses opset 23, and 7 to 22 are supported; export it with opset_version=13");
  OnnxGraph none = small();
  none.file.clear_opset_import();
  CHECK(onnx_error(none.bytes()) ==
        "it does not say of which opset its operators are; it may be cut short");
}

TEST_CASE("values in another file are read if it is in the model's folder") {
  const Folder folder;
  std::filesystem::create_directories(folder.path() / "in" / "data");
  const std::string bytes(reinterpret_cast<const char*>(kSix.data()), 24);
  folder.write("outside.bin", bytes);
  folder.write("in/data/w.bin", "1234" + bytes);
  std::filesystem::create_symlink(folder.path() / "outside.bin", folder.path() / "in" / "link.bin");
  const auto error = [&](const std::vector<std::pair<std::string, std::string>>& entries) {
    OnnxGraph graph = small();
    weights(graph).clear_raw_data();
    weights(graph).set_data_location(1);
    for (const auto& [key, value] : entries) {
      auto& entry = *weights(graph).add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    }
    const std::string path = folder.write("in/m.onnx", graph.bytes());
    try {
      const Model model = kOnnx.read(path, {}).model;
      CHECK(std::get<DenseLayer>(model.layers[0]).weights == Matrix{{1, 4}, {2, 5}, {3, 6}});
    } catch (const std::runtime_error& thrown) {
      const std::string place = "the node that gives 'y' (MatMul): the constant 'W': ";
      const std::string text = thrown.what();
      return text.starts_with(place) ? text.substr(place.size()) : text;
    }
    return std::string();
  };
  const std::string leaves = ", which is not in the model's folder and is not opened";
  CHECK(error({{"location", "data/w.bin"}, {"offset", "4"}, {"length", "24"}}).empty());
  CHECK(error({{"location", "./data/w.bin"}, {"offset", "4"}}).empty());
  CHECK(error({{"location", "../outside.bin"}}) ==
        "its values are in the file '../outside.bin'" + leaves);
  CHECK(error({{"location", "data/../data/w.bin"}, {"offset", "4"}}) ==
        "its values are in the file 'data/../data/w.bin'" + leaves);
  CHECK(error({{"location", "link.bin"}}) == "its values are in the file 'link.bin'" + leaves);
  const std::string absolute = (folder.path() / "in" / "data" / "w.bin").string();
  CHECK(error({{"location", absolute}, {"offset", "4"}}) ==
        "its values are in the file '" + absolute + "'" + leaves);
  CHECK(error({{"location", "none.bin"}}) ==
        "its values should be in the file 'none.bin' beside the model, which is not there");
  CHECK(error({}) == "its values should be in the file '' beside the model, which is not there");
  CHECK(error({{"location", "data/w.bin"}, {"offset", "5"}}) ==
        "its values are 24 bytes at 5 of the file 'data/w.bin', which has 28; it needs 24");
  CHECK(
      error({{"location", "data/w.bin"}, {"offset", "18446744073709551615"}}) ==
      "its values are 24 bytes at 18446744073709551615 of the file 'data/w.bin', which has 28; it "
      "needs 24");
  CHECK(error({{"location", "data/w.bin"}, {"length", "12"}}) ==
        "its values are 12 bytes at 0 of the file 'data/w.bin', which has 28; it needs 24");
  CHECK(error({{"location", "data/w.bin"}, {"offset", "-4"}}) ==
        "its offset in another file is '-4', which is no number");
}
