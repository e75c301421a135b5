// Activations and softmax of ONNX files.
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
