// Operators of classical machine learning, as scikit-learn's models are exported with. Source:
// onnx/onnx, docs/Operators-ml.md.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <stdexcept>

#include "nn/formats/onnx_chain.h"

namespace pare::nn::onnx {
namespace {

using Floats = std::vector<float>;

std::vector<std::string> labels(const Node& node, const char* integers, const char* texts) {
  auto names = attribute<std::vector<std::string>>(node, texts);
  if (!names.empty()) return names;
  for (const Index label : attribute<std::vector<Index>>(node, integers)) {
    names.push_back(std::to_string(label));
  }
  return names;
}

std::vector<std::string> classifier_labels(const Node& node) {
  return labels(node, "classlabels_ints", "classlabels_strings");
}

/// The outputs of a linear model.
std::size_t rows(const Node& node) {
  if (node.op == "ai.onnx.ml.LinearRegressor") {
    return static_cast<std::size_t>(std::max<Index>(1, attribute<Index>(node, "targets", 1)));
  }
  const std::size_t intercepts = attribute<Floats>(node, "intercepts").size();
  return std::max<std::size_t>(1, intercepts > 0 ? intercepts : classifier_labels(node).size());
}

/// y = (x - offset) * scale.
void scaler(const Node& node, Chain& chain) {
  const auto offset = attribute<Floats>(node, "offset", {0});
  const auto scale = attribute<Floats>(node, "scale", {1});
  const auto values = [&](const Floats& floats, const char* name) {
    return spread(chain, make_tensor(name, {static_cast<Index>(floats.size())}, floats));
  };
  const Eigen::RowVectorXd ones = Eigen::RowVectorXd::Ones(1);
  const Eigen::RowVectorXd zeros = Eigen::RowVectorXd::Zero(1);
  add_step(chain, node,
           composed({ones, -values(offset, "offset")}, {values(scale, "scale"), zeros}));
}

/// One for each output, 0 where the node has none.
Floats intercepts_of(const Node& node) {
  auto intercepts = attribute<Floats>(node, "intercepts");
  if (intercepts.empty()) intercepts.resize(rows(node), 0.0F);
  if (intercepts.size() != rows(node)) {
    fail("it has {} intercepts for {} outputs", intercepts.size(), rows(node));
  }
  return intercepts;
}

void linear(const Node& node, Chain& chain, const Floats& coefficients, const Floats& intercepts) {
  const auto outputs = static_cast<Index>(intercepts.size());
  const auto count = static_cast<Index>(coefficients.size());
  if (count % outputs != 0) fail("it has {} coefficients for {} outputs", count, outputs);
  if (chain.shape && count / outputs != width(chain)) {
    fail("it has {} coefficients for an output, which depends on {} values", count / outputs,
         width(chain));
  }
  Tensor weights = make_tensor("coefficients", {outputs, count / outputs}, coefficients);
  Tensor bias = make_tensor("intercepts", {outputs}, intercepts);
  add_step(chain, node, DenseStep{std::move(weights), false, std::move(bias)});
  chain.shape = Shape{chain.samples, outputs};
}

void linear_regressor(const Node& node, Chain& chain) {
  const auto after = attribute<std::string>(node, "post_transform", "NONE");
  if (after != "NONE") fail("its post_transform {} is not supported; NONE is", after);
  linear(node, chain, attribute<Floats>(node, "coefficients"), intercepts_of(node));
}

/// True if the first of two rows is the negative of the second: sigmoids of both are 1 - p and p.
bool is_opposite(const Floats& values) {
  const std::size_t half = values.size() / 2;
  for (std::size_t i = 0; i < half; ++i) {
    if (values[i] != -values[half + i]) return false;
  }
  return true;
}

void linear_classifier(const Node& node, Chain& chain) {
  const auto after = attribute<std::string>(node, "post_transform", "NONE");
  if (after != "NONE" && after != "SOFTMAX" && after != "LOGISTIC") {
    fail("its post_transform {} is not supported; NONE, SOFTMAX and LOGISTIC are", after);
  }
  auto coefficients = attribute<Floats>(node, "coefficients");
  auto intercepts = intercepts_of(node);
  const bool logistic = after == "LOGISTIC";
  chain.names = classifier_labels(node);
  bool binary = chain.names.size() == 2 && intercepts.size() == 1;
  if (binary && !logistic) {
    fail("its post_transform {} is not supported of one row of coefficients for two classes",
         after);
  }
  if (logistic && intercepts.size() == 2 && is_opposite(intercepts) && is_opposite(coefficients)) {
    coefficients.erase(coefficients.begin(),
                       coefficients.begin() + static_cast<Index>(coefficients.size() / 2));
    intercepts.erase(intercepts.begin());
    binary = true;
  }
  linear(node, chain, coefficients, intercepts);
  if (after == "SOFTMAX") add_step(chain, node, SoftmaxOperation{});
  if (logistic) add_step(chain, node, ActivationOperation{Activation::sigmoid});
  if (!binary) return;
  chain.two_columns = true;
  chain.shape = Shape{chain.samples, 2};
}

/// Of what sums to 1 the L1 norm is 1.
void normalizer(const Node& node, Chain& chain) {
  const auto norm = attribute<std::string>(node, "norm", "MAX");
  const auto* softmax =
      chain.steps.empty() ? nullptr : std::get_if<SoftmaxOperation>(&chain.steps.back().what);
  const bool sums_to_one = chain.two_columns || (softmax != nullptr && !softmax->logarithm);
  if (norm != "L1" || !sums_to_one) {
    fail(
        "it divides every sample by its {} norm, which is supported only where that is 1, as "
        "behind a "
        "softmax; a one-vs-rest classifier has to end before it",
        norm);
  }
}

/// Gives every probability its label.
void zip_map(const Node& node, Chain& chain) {
  chain.names = labels(node, "classlabels_int64s", "classlabels_strings");
}

constexpr std::array kMlOperators{
    Operator{"ai.onnx.ml.Scaler", 1, scaler},
    Operator{"ai.onnx.ml.LinearRegressor", 1, linear_regressor},
    Operator{"ai.onnx.ml.LinearClassifier", 1, linear_classifier, 1},
    Operator{"ai.onnx.ml.Normalizer", 1, normalizer},
    Operator{"ai.onnx.ml.ZipMap", 1, zip_map},
};

}  // namespace

std::span<const Operator> ml_operators() { return kMlOperators; }

std::optional<Index> linear_width(const Node& node) {
  if (node.op != "ai.onnx.ml.LinearClassifier" && node.op != "ai.onnx.ml.LinearRegressor") {
    return std::nullopt;
  }
  return static_cast<Index>(attribute<Floats>(node, "coefficients").size() / rows(node));
}

std::vector<std::string> class_names(const Graph& label) {
  for (const Node& node : label.nodes) {
    if (node.op == "ai.onnx.ml.LinearClassifier") return classifier_labels(node);
    if (node.op == "ai.onnx.ml.LabelEncoder") {
      const auto keys = attribute<std::vector<Index>>(node, "keys_int64s");
      auto values = labels(node, "values_int64s", "values_strings");
      std::vector<Index> numbers(values.size());
      std::iota(numbers.begin(), numbers.end(), Index{0});
      if (keys == numbers) return values;
    }
    if (node.op == "ai.onnx.ml.ArrayFeatureExtractor" && !node.inputs.empty()) {
      const auto found = label.constants.find(node.inputs[0]);
      if (found == label.constants.end()) continue;
      const Tensor& classes = found->second;
      if (classes.texts) return *classes.texts;
      std::vector<std::string> names;
      if (classes.type != Type::int32 && classes.type != Type::int64) return names;
      for (const Index value : integers(classes)) names.push_back(std::to_string(value));
      return names;
    }
  }
  return {};
}

}  // namespace pare::nn::onnx
