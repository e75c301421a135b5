// Integer operators. Source: onnx/onnx, docs/Operators.md; microsoft/onnxruntime,
// docs/ContribOperators.md (QGemm).
#include <fmt/format.h>

#include <array>
#include <stdexcept>

#include "nn/formats/onnx_chain.h"

namespace pare::nn::onnx {
namespace {

/// What a node's inputs `i` and `i + 1` say, a scale and a zero point.
Quantization given_quantization(const Node& node, const Chain& chain, std::size_t i) {
  return quantization(constant(chain.graph, node, i), find_constant(chain.graph, node, i + 1));
}

void quantize_to(Chain& chain, const Node& node, const Quantization& to) {
  if (chain.integers) fail("it quantizes what is integers already");
  const auto* last =
      chain.steps.empty() ? nullptr : std::get_if<QuantizeStep>(&chain.steps.back().what);
  if (last == nullptr || last->to != to) add_step(chain, node, QuantizeStep{to});
  chain.integers = to;
}

void quantize_linear(const Node& node, Chain& chain) {
  if (has_attribute(node, "output_dtype") && find_constant(chain.graph, node, 2) == nullptr) {
    fail("its zero point is missing");
  }
  quantize_to(chain, node, given_quantization(node, chain, 1));
}

void dequantize_linear(const Node& node, Chain& chain) {
  expect_integers(chain, node, given_quantization(node, chain, 1));
  chain.integers.reset();
}

/// The factor of a product that is a constant, with its scale and zero point behind it.
Tensor scaled_weights(const Node& node, const Chain& chain, std::size_t factor) {
  const Product product = find_product(node).value();
  const bool left = factor == product.a;
  const bool outputs_first = left ? !product.transposed_a : product.transposed_b;
  return scaled(constant(chain.graph, node, factor), constant(chain.graph, node, factor + 1),
                find_constant(chain.graph, node, factor + 2), outputs_first ? 0 : 1);
}

/// Inputs a, scale, zero point, b, scale, zero point, scale and zero point of the outputs.
void qlinear_matmul(const Node& node, Chain& chain) {
  const bool left = node.inputs[3] == chain.value;
  expect_integers(chain, node, given_quantization(node, chain, left ? 4 : 1));
  chain.integers.reset();
  add_product(chain, node, scaled_weights(node, chain, left ? 0 : 3));
  quantize_to(chain, node, given_quantization(node, chain, 6));
}

/// A bias of integers, whose scales follow from the inputs' and the weights'.
Tensor scaled_bias(const Tensor& bias, const Quantization& input, const Tensor& weights) {
  Scaling scaling = *weights.scaling;
  for (float& scale : scaling.scales) scale *= input.scale;
  for (std::int32_t& zero : scaling.zero_points) zero = 0;
  scaling.axis = static_cast<Index>(bias.shape.size()) - 1;
  Tensor result = bias;
  result.scaling = std::make_shared<const Scaling>(std::move(scaling));
  return result;
}

/// The same with a bias in front of the outputs' scale, which may be left out.
void qgemm(const Node& node, Chain& chain) {
  if (attribute(node, "alpha", 1.0F) != 1) fail("its alpha is not 1");
  const Quantization input = given_quantization(node, chain, 1);
  expect_integers(chain, node, input);
  chain.integers.reset();
  const Tensor weights = scaled_weights(node, chain, 3);
  add_product(chain, node, weights);
  if (const Tensor* bias = find_constant(chain.graph, node, 6)) {
    spread(chain, *bias);
    std::get<DenseStep>(chain.steps.back().what).bias = scaled_bias(*bias, input, weights);
  }
  if (find_constant(chain.graph, node, 7) != nullptr) {
    quantize_to(chain, node, given_quantization(node, chain, 7));
  }
}

/// Integers times integers: reals times the integers, over the scale of the reals.
void matmul_integer(const Node& node, Chain& chain) {
  const bool left = node.inputs[1] == chain.value;
  const Tensor* zero_point = find_constant(chain.graph, node, left ? 3 : 2);
  if (zero_point == nullptr) fail("the zero point of its inputs is missing");
  const float scale = chain.integers ? chain.integers->scale : 1;
  expect_integers(chain, node,
                  quantization(make_tensor("scale", {}, std::vector{scale}), zero_point));
  chain.integers.reset();
  add_product(
      chain, node,
      scaled(constant(chain.graph, node, left ? 0 : 1), make_tensor("scale", {}, std::vector{1.0F}),
             find_constant(chain.graph, node, left ? 2 : 3), 0));
  add_step(chain, node,
           ElementwiseOperation{Eigen::RowVectorXd::Constant(1, 1 / double{scale}),
                                Eigen::RowVectorXd::Zero(1)});
}

constexpr std::array kQuantizedOperators{
    Operator{"QuantizeLinear", 2, quantize_linear},
    Operator{"DequantizeLinear", 2, dequantize_linear},
    Operator{"QLinearMatMul", 8, qlinear_matmul},
    Operator{"com.microsoft.QGemm", 6, qgemm},
    Operator{"MatMulInteger", 2, matmul_integer},
};

}  // namespace

std::span<const Operator> quantized_operators() { return kQuantizedOperators; }

void expect_integers(Chain& chain, const Node& node, const Quantization& expected) {
  const Type type = chain.graph.inputs.front().type;
  if (!chain.integers && chain.steps.empty() && (type == Type::int8 || type == Type::uint8)) {
    chain.notes.push_back(fmt::format(
        "its inputs are integers of scale {} and zero point {}; here they are the reals that these "
        "stand for",
        expected.scale, type == Type::int8 ? expected.zero_point : expected.zero_point + 128));
    quantize_to(chain, node, expected);
  }
  if (!chain.integers) fail("it reads integers, and its input is reals");
  if (*chain.integers != expected) {
    fail("it reads integers of scale {} and zero point {}, and is given scale {} and zero point {}",
         expected.scale, expected.zero_point, chain.integers->scale, chain.integers->zero_point);
  }
}

}  // namespace pare::nn::onnx
