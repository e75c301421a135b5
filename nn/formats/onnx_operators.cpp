// Operators of ONNX itself, in float32. Source: onnx/onnx, docs/Operators.md.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "nn/activation.h"
#include "nn/formats/onnx_chain.h"

namespace pare::nn::onnx {
namespace {

using Row = Eigen::RowVectorXd;

/// The factor of a product that is a constant.
const Tensor& weights(const Node& node, const Chain& chain) {
  const Product product = find_product(node).value();
  return constant(chain.graph, node, node.inputs[product.b] == chain.value ? product.a : product.b);
}

void matmul(const Node& node, Chain& chain) { add_product(chain, node, weights(node, chain)); }

/// y = alpha A B + beta C.
void gemm(const Node& node, Chain& chain) {
  const double alpha = double{attribute(node, "alpha", 1.0F)};
  const double beta = double{attribute(node, "beta", 1.0F)};
  add_product(chain, node, weights(node, chain));
  const Tensor* c = find_constant(chain.graph, node, 2);
  const Row bias = c == nullptr ? Row::Zero(1) : spread(chain, *c);
  if (alpha == 1 && beta == 1 && c != nullptr) {
    std::get<DenseStep>(chain.steps.back().what).bias = *c;
  } else {
    add_step(chain, node, ElementwiseOperation{Row::Constant(1, alpha), beta * bias});
  }
}

/// Add, Sub, Mul, Div with a constant on one side.
void arithmetic(const Node& node, Chain& chain) {
  const bool constant_first = node.inputs[1] == chain.value;
  const Tensor& tensor = constant(chain.graph, node, constant_first ? 0 : 1);
  while (chain.shape && chain.shape->size() < tensor.shape.size()) {
    chain.shape->insert(chain.shape->begin(), 1);
  }
  const Row values = spread(chain, tensor);
  const Row ones = Row::Ones(values.size());
  const Row zeros = Row::Zero(values.size());
  if (node.op == "Add") {
    auto* dense = chain.steps.empty() ? nullptr : std::get_if<DenseStep>(&chain.steps.back().what);
    if (dense != nullptr && !dense->bias && !chain.two_columns) {
      dense->bias = tensor;
    } else {
      add_step(chain, node, ElementwiseOperation{ones, values});
    }
  } else if (node.op == "Sub") {
    add_step(
        chain, node,
        constant_first ? ElementwiseOperation{-ones, values} : ElementwiseOperation{ones, -values});
  } else if (node.op == "Mul") {
    add_step(chain, node, ElementwiseOperation{values, zeros});
  } else if (constant_first) {
    fail("it divides a constant by a value, which is not supported");
  } else {
    if ((values.array() == 0).any()) fail("it divides by 0");
    add_step(chain, node, ElementwiseOperation{values.cwiseInverse(), zeros});
  }
}

/// y = (x - mean) / sqrt(variance + epsilon) * scale + offset, in the second axis.
void batch_normalization(const Node& node, Chain& chain) {
  if (attribute<Index>(node, "training_mode") != 0 || attribute<Index>(node, "spatial", 1) == 0) {
    fail("it is not for inference; export the model with model.eval()");
  }
  std::array<Row, 4> values;  // scale, offset, mean, variance
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = reals(constant(chain.graph, node, i + 1));
    if (values[i].size() != values[0].size()) fail("its constants have not the same size");
  }
  const double epsilon = double{attribute(node, "epsilon", 1e-5F)};
  const Row variance = values[3].array() + epsilon;
  if (!(variance.minCoeff() > 0)) fail("a variance is below 0");
  const Row factor = values[0].array() / variance.array().sqrt();
  const Row offset = values[1].array() - values[2].array() * factor.array();
  if (chain.shape && chain.shape->size() < 2) fail("its value has no second axis");
  Shape shape(chain.shape ? chain.shape->size() - 1 : 1, 1);
  shape.front() = factor.size();
  if (chain.shape && factor.size() == 1 && (*chain.shape)[1] != 1) {
    fail("it has 1 channel for a value of shape {}", text(*chain.shape));
  }
  add_step(chain, node,
           ElementwiseOperation{spread(chain, factor, shape), spread(chain, offset, shape)});
}

/// A bound of a Clip: an attribute before opset 11, then an input.
double bound(const Node& node, const Chain& chain, const char* name, std::size_t input,
             double otherwise) {
  const Tensor* given = find_constant(chain.graph, node, input);
  return given != nullptr ? real(*given)
                          : double{attribute(node, name, static_cast<float>(otherwise))};
}

void clip(const Node& node, Chain& chain) {
  constexpr auto kLargest = double{std::numeric_limits<float>::max()};
  const double low = bound(node, chain, "min", 1, -kLargest);
  const double high = bound(node, chain, "max", 2, kLargest);
  if (low == 0 && high == 6) {
    add_step(chain, node, ActivationOperation{Activation::relu6});
  } else if (low == 0 && high >= kLargest) {
    add_step(chain, node, ActivationOperation{Activation::relu});
  } else if (!(low <= -kLargest && high >= kLargest)) {
    fail(
        "it clips to [{}, {}]; only [0, 6] is supported, which is relu6, and 0 alone, which is "
        "relu",
        low, high);
  }
}

void activation(const Node& node, Chain& chain) {
  for (const auto function : activation_functions()) {
    const ActivationInfo& info = function().info;
    if (info.onnx != node.op) continue;
    if (attribute<std::string>(node, "approximate", "none") != "none") {
      fail("its approximate='{}' is not supported; approximate='none' is",
           attribute<std::string>(node, "approximate"));
    }
    const float alpha = attribute(node, "alpha", node.op == "LeakyRelu" ? 0.01F : 1.0F);
    add_step(chain, node, ActivationOperation{{function, info.alpha ? alpha : 0}});
  }
}

/// Before opset 13 the axes from `axis` on are one.
void softmax(const Node& node, Chain& chain) {
  if (chain.shape) {
    const Shape& shape = *chain.shape;
    const auto rank = static_cast<Index>(shape.size());
    const Index given = attribute<Index>(node, "axis", chain.graph.opset < 13 ? 1 : -1);
    const Index axis = given < 0 ? given + rank : given;
    if (axis < 0 || axis >= rank) fail("its axis {} is beyond {} dimensions", given, rank);
    const auto begin = shape.begin() + axis;
    const Index count = chain.graph.opset < 13 ? element_count({begin, shape.end()}) : *begin;
    if (count != width(chain)) {
      fail("it sums over {} of the {} values of shape {}; only over all is supported", count,
           width(chain), text(shape));
    }
  }
  add_step(chain, node, SoftmaxOperation{node.op == "LogSoftmax"});
}

void cast(const Node& node, Chain& chain) {
  if (chain.integers) fail("it casts integers; DequantizeLinear makes reals of them");
  const auto to = static_cast<Type>(attribute<Index>(node, "to"));
  if (!is_real(to))
    fail("it casts values to {}; only floating-point types are supported", name(to));
  if (to == Type::float16) {
    chain.notes.push_back(fmt::format("{}: its values are float32 here, not float16", node.place));
  }
}

void new_shape(const Node& node, Chain& chain) {
  if (node.op == "Dropout") {
    const Tensor* training = find_constant(chain.graph, node, 2);
    if (training != nullptr && real(*training) != 0) {
      fail("it is not for inference; export the model with model.eval()");
    }
  }
  if (chain.shape) chain.shape = onnx::new_shape(chain.graph, node, *chain.shape);
}

/// Only of axes of one element, which leaves all values where they are.
void transpose(const Node& node, Chain& chain) {
  if (!chain.shape) return;
  const Shape& shape = *chain.shape;
  std::vector<Index> axes = attribute<std::vector<Index>>(node, "perm");
  for (std::size_t i = 0; axes.size() < shape.size(); ++i) {
    axes.push_back(static_cast<Index>(shape.size() - 1 - i));
  }
  Shape result;
  Index last = -1;
  for (const Index axis : axes) {
    if (axis < 0 || axis >= static_cast<Index>(shape.size())) fail("its perm is no order of axes");
    const Index extent = shape[static_cast<std::size_t>(axis)];
    result.push_back(extent);
    if (extent != 1 && std::exchange(last, axis) > axis) {
      fail("it changes the order of the values of shape {}, which is not supported", text(shape));
    }
  }
  if (element_count(result) != element_count(shape)) fail("its perm is no order of axes");
  chain.shape = std::move(result);
}

constexpr std::array kFloatOperators{
    Operator{"Gemm", 2, gemm},
    Operator{"MatMul", 2, matmul},
    Operator{"Add", 2, arithmetic},
    Operator{"Sub", 2, arithmetic},
    Operator{"Mul", 2, arithmetic},
    Operator{"Div", 2, arithmetic},
    Operator{"BatchNormalization", 5, batch_normalization},
    Operator{"Clip", 1, clip},
    Operator{"Softmax", 1, softmax},
    Operator{"LogSoftmax", 1, softmax},
    Operator{"Cast", 1, cast},
    Operator{"Identity", 1, new_shape},
    Operator{"Dropout", 1, new_shape},
    Operator{"Flatten", 1, new_shape},
    Operator{"Reshape", 2, new_shape},
    Operator{"Squeeze", 1, new_shape},
    Operator{"Unsqueeze", 1, new_shape},
    Operator{"Transpose", 1, transpose},
};

}  // namespace

std::span<const Operator> float_operators() { return kFloatOperators; }

const Operator* find_activation_operator(std::string_view op) {
  static constexpr Operator kActivation{"activation", 1, activation};
  const auto all = activation_functions();
  const bool known = std::any_of(all.begin(), all.end(),
                                 [op](const auto function) { return function().info.onnx == op; });
  return known ? &kActivation : nullptr;
}

}  // namespace pare::nn::onnx
