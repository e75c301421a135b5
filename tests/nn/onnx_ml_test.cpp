#include <doctest/doctest.h>

#include <cmath>

#include "nn/forward.h"
#include "tests/nn/onnx_graph.h"

using namespace pare::nn;
using onnx::Type;
using pare::tests::onnx_error;
using pare::tests::OnnxGraph;
using pare::tests::read_onnx;

namespace {

using Names = std::vector<std::string>;

/// A LinearClassifier of two features whose scores, "p", are what is wanted.
OnnxGraph classifier(const std::vector<float>& coefficients, const std::vector<float>& intercepts,
                     const char* after, const Names& labels) {
  OnnxGraph graph;
  graph.input("x", {"N", 2});
  graph.node("ai.onnx.ml.LinearClassifier", {"x"}, "label");
  graph.last().add_output("p");
  graph.set("coefficients", coefficients);
  if (!intercepts.empty()) graph.set("intercepts", intercepts);
  graph.set("post_transform", after);
  graph.set("classlabels_strings", labels);
  graph.output("label", {"N"}, Type::text);
  graph.output("p", {"N", static_cast<int>(labels.size())});
  return graph;
}

const Matrix kSamples{{1, 2}, {-3, 0.5F}};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

TEST_CASE("a Scaler is the inputs' offset and factor") {
  OnnxGraph graph;
  graph.input("x", {"N", 2});
  graph.output("y");
  graph.node("ai.onnx.ml.Scaler", {"x"}, "s");
  graph.set("offset", std::vector<float>{20.5F, -1e6F});
  graph.set("scale", std::vector<float>{0.1F, 3e-7F});
  graph.node("ai.onnx.ml.LinearRegressor", {"s"}, "y");
  graph.set("coefficients", std::vector<float>{2, 4});
  const Model model = read_onnx(graph.bytes()).model;
  CHECK(model.inputs.offset == RowVector{{20.5F, -1e6F}});
  CHECK(model.inputs.factor == RowVector{{0.1F, 3e-7F}});
  CHECK(std::get<DenseLayer>(model.layers[0]).weights == Matrix{{2, 4}});
}

TEST_CASE("a file with operators of ai.onnx.ml alone need not say an opset of ONNX's own") {
  OnnxGraph graph;
  graph.file.mutable_opset_import(0)->set_domain("ai.onnx.ml");
  graph.file.mutable_opset_import(0)->set_version(1);
  graph.input("x", {"N", 2});
  graph.output("y");
  graph.node("ai.onnx.ml.LinearRegressor", {"x"}, "y");
  graph.set("coefficients", std::vector<float>{2, 4});
  CHECK(forward(read_onnx(graph.bytes()).model, kSamples) == Matrix{{10}, {-4}});
  graph.node("Relu", {"y"}, "z");
  CHECK(onnx_error(graph.bytes()) ==
        "it does not say of which opset its operators are; it may be cut short");
}

TEST_CASE("a LinearClassifier of several classes ends in a softmax, in sigmoids, or in scores") {
  const Names labels{"a", "b", "c"};
  const std::vector<float> rows{1, 0, 0, 1, -1, -1};
  const Model softmax = read_onnx(classifier(rows, {0, 0, 1}, "SOFTMAX", labels).bytes()).model;
  CHECK(softmax.outputs.meaning == Meaning::probabilities);
  CHECK(softmax.outputs.names == labels);
  const Model scores = read_onnx(classifier(rows, {}, "NONE", labels).bytes()).model;
  CHECK(scores.outputs.meaning == Meaning::logits);
  CHECK(forward(scores, kSamples) == Matrix{{1, 2, -3}, {-3, 0.5F, 2.5F}});
  const Model sigmoids = read_onnx(classifier(rows, {}, "LOGISTIC", labels).bytes()).model;
  CHECK(forward(sigmoids, kSamples)(0, 1) == doctest::Approx(sigmoid(2)));
  CHECK(sigmoids.outputs.meaning == Meaning::logits);
}

TEST_CASE("a binary LinearClassifier of one row or of two opposite ones is one sigmoid") {
  const Names labels{"no", "yes"};
  for (const OnnxGraph& graph : {classifier({1, -2}, {0.5F}, "LOGISTIC", labels),
                                 classifier({-1, 2, 1, -2}, {-0.5F, 0.5F}, "LOGISTIC", labels)}) {
    const Model model = read_onnx(graph.bytes()).model;
    CHECK(output_count(model) == 1);
    CHECK(model.outputs.names == labels);
    CHECK(is_binary(model));
    const Matrix outputs = forward(model, kSamples);
    CHECK(outputs(0, 0) == doctest::Approx(sigmoid(-2.5)));
    CHECK(outputs(1, 0) == doctest::Approx(sigmoid(-3.5)));
  }
  const Model other =
      read_onnx(classifier({1, 2, 1, -2}, {0, 0}, "LOGISTIC", labels).bytes()).model;
  CHECK(output_count(other) == 2);
}

TEST_CASE("class names come from the nodes of the label where the probabilities have none") {
  OnnxGraph graph = classifier({1, 0, 0, 1, -1, -1}, {}, "SOFTMAX", {"a", "b", "c"});
  graph.file.mutable_graph()->clear_node();
  graph.node("MatMul", {"x", graph.constant("W", {2, 3}, std::vector<float>{1, 0, -1, 0, 1, -1})},
             "h");
  graph.node("Softmax", {"h"}, "p");
  graph.node("ArgMax", {"p"}, "index");
  graph.node(
      "ai.onnx.ml.ArrayFeatureExtractor",
      {graph.constant("classes", {3}, std::vector<std::int64_t>{4, 5, 9}, Type::int64), "index"},
      "label");
  CHECK(read_onnx(graph.bytes()).model.outputs.names == Names{"4", "5", "9"});
  graph.file.mutable_graph()->mutable_node()->RemoveLast();
  graph.node("ai.onnx.ml.LabelEncoder", {"index"}, "label");
  graph.set("keys_int64s", std::vector<int>{0, 1, 2});
  graph.set("values_strings", Names{"red", "green", "blue"});
  CHECK(read_onnx(graph.bytes()).model.outputs.names == Names{"red", "green", "blue"});
}

TEST_CASE("operators of ai.onnx.ml that are not supported say what is") {
  const Names labels{"a", "b"};
  const std::string place = "the node that gives 'label' (ai.onnx.ml.LinearClassifier): ";
  CHECK(
      onnx_error(classifier({1, 2}, {0}, "SOFTMAX", labels).bytes()) ==
      place +
          "its post_transform SOFTMAX is not supported of one row of coefficients for two classes");
  CHECK(onnx_error(classifier({1, 2}, {0}, "PROBIT", labels).bytes()) ==
        place + "its post_transform PROBIT is not supported; NONE, SOFTMAX and LOGISTIC are");
  CHECK(onnx_error(classifier({1, 2, 3}, {0, 1}, "NONE", labels).bytes()) ==
        place + "it has 3 coefficients for 2 outputs");
  OnnxGraph max = classifier({1, 0, 0, 1}, {}, "SOFTMAX", labels);
  max.node("ai.onnx.ml.Normalizer", {"p"}, "n");
  max.set("norm", "MAX");
  max.file.mutable_graph()->mutable_output(1)->set_name("n");
  CHECK(
      onnx_error(max.bytes()) ==
      "the node that gives 'n' (ai.onnx.ml.Normalizer): it divides every sample by its MAX norm, "
      "which is supported only where that is 1, as behind a softmax; a one-vs-rest classifier has "
      "to end before it");
  max.last().set_op_type("Imputer");
  CHECK(
      onnx_error(max.bytes()) ==
      "the node that gives 'n' (ai.onnx.ml.Imputer): ai.onnx.ml.Imputer is not supported; fill in "
      "missing values before the model, and leave it out of it");
}
