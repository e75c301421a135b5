#include "nn/formats/tflite_steps.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "nn/activation.h"
#include "nn/quantization.h"

namespace pare::nn::tflite {
namespace {

/// What comes nearest to an operator that is not supported, where that is no dense layer.
constexpr std::array kNearest{
    std::pair{"ARG_MAX", "leaving it out: the largest output wins"},
    std::pair{"HARD_SWISH", "RELU6"},
    std::pair{"MAXIMUM", "RELU"},
    std::pair{"MINIMUM", "RELU6"},
    std::pair{"PRELU", "LEAKY_RELU"},
    std::pair{"RELU_0_TO_1", "LOGISTIC"},
    std::pair{"RELU_N1_TO_1", "TANH"},
};

/// The reals of integers whose zero point is 0.
Matrix scaled(const Tensor& tensor) {
  const Int8Matrix values = elements<std::int8_t>(tensor, kInt8);
  expect_no_zero_point(tensor);
  return dequantize_weights(values, row_scales(tensor, values.rows()));
}

Matrix from_float16(const Tensor& tensor) {
  return elements<Eigen::half>(tensor, kFloat16).cast<float>();
}

}  // namespace

void refuse(const std::string& what) { throw std::invalid_argument(what); }

void refuse_operator(std::string_view name, std::string_view what) {
  const auto* const found = std::find_if(kNearest.begin(), kNearest.end(),
                                         [&](const auto& entry) { return entry.first == name; });
  refuse(fmt::format("{} is not supported; the nearest that is: {}", what,
                     found == kNearest.end() ? "FULLY_CONNECTED" : found->second));
}

Index element_count(const Tensor& tensor) {
  constexpr Index kMost = Index{1} << 31;  // no file holds more
  Index count = 1;
  for (const std::int32_t extent : tensor.shape) {
    count = extent < 1 || count > kMost / extent ? 0 : count * extent;
  }
  if (count == 0) {
    refuse(fmt::format("tensor {} has the shape [{}]", in_quotes(tensor.name),
                       fmt::join(tensor.shape, ", ")));
  }
  return count;
}

Index sample_size(const Tensor& tensor) {
  const Index count = element_count(tensor);
  for (std::size_t i = 1; i < tensor.signature.size(); ++i) {
    if (tensor.signature[i] >= 0) continue;
    refuse(fmt::format("dimension {} of tensor {} is open; only the first, the batch, may be", i,
                       in_quotes(tensor.name)));
  }
  return tensor.shape.size() < 2 ? count : count / tensor.shape[0];
}

std::string_view checked_data(const Tensor& tensor, std::string_view type,
                              std::size_t element_bytes) {
  if (tensor.type != type) {
    refuse(fmt::format("tensor {} is {}, expected {}", in_quotes(tensor.name), tensor.type, type));
  }
  if (tensor.sparse) {
    refuse(fmt::format("tensor {} is stored as a sparse one; convert without sparsity",
                       in_quotes(tensor.name)));
  }
  const std::size_t bytes = static_cast<std::size_t>(element_count(tensor)) * element_bytes;
  if (tensor.data.size() != bytes) {
    refuse(fmt::format("tensor {} of shape [{}] has {} bytes, expected {}", in_quotes(tensor.name),
                       fmt::join(tensor.shape, ", "), tensor.data.size(), bytes));
  }
  return tensor.data;
}

Matrix reals(const Tensor& tensor) {
  Matrix values = tensor.type == kInt8      ? scaled(tensor)
                  : tensor.type == kFloat16 ? from_float16(tensor)
                                            : elements<float>(tensor, kFloat32);
  if (!values.allFinite()) {
    refuse(fmt::format("tensor {} holds a number that is not finite", in_quotes(tensor.name)));
  }
  return values;
}

Vector row_scales(const Tensor& tensor, Index rows) {
  const auto count = static_cast<Index>(tensor.scales.size());
  if (count != 1 && (count != rows || tensor.scaled_dimension != 0)) {
    refuse(fmt::format("tensor {} has {} scales in dimension {}, expected 1, or {} in dimension 0",
                       in_quotes(tensor.name), count, tensor.scaled_dimension, rows));
  }
  return Eigen::Map<const Vector>(tensor.scales.data(), count);
}

void expect_no_zero_point(const Tensor& tensor) {
  for (const std::int64_t zero_point : tensor.zero_points) {
    if (zero_point == 0) continue;
    refuse(fmt::format("tensor {} is {} with zero point {}, expected 0", in_quotes(tensor.name),
                       tensor.type, zero_point));
  }
}

const Tensor* find_constant(const Graph& graph, std::int32_t index) {
  if (index < 0) return nullptr;
  const std::int32_t source = graph.sources[static_cast<std::size_t>(index)];
  const Tensor& tensor = graph.tensors[static_cast<std::size_t>(source)];
  return tensor.data.empty() ? nullptr : &tensor;
}

const Tensor& constant(const Step& step, std::size_t index, std::string_view what) {
  const std::int32_t at = index < step.op.inputs.size() ? step.op.inputs[index] : -1;
  const Tensor* found = find_constant(step.graph, at);
  if (found == nullptr) refuse(fmt::format("its {} must be a constant", what));
  return *found;
}

const Tensor& dense_weights(const Step& step) {
  if (step.op.shuffled) refuse("its weights are shuffled; convert without SHUFFLED4x16INT8");
  const Tensor& weights = constant(step, 1, "weights");
  if (weights.shape.size() != 2) {
    refuse(fmt::format("its weights have the shape [{}], expected [outputs, inputs]",
                       fmt::join(weights.shape, ", ")));
  }
  const Index size = sample_size(step.input);
  if (weights.shape[1] != size && weights.shape[1] != element_count(step.input)) {
    refuse(fmt::format("its weights take {} values, and a sample of {} has {}", weights.shape[1],
                       in_quotes(step.input.name), size));
  }
  return weights;
}

std::string_view weights_type(const Step& step) {
  return step.graph.tensors[static_cast<std::size_t>(step.op.inputs[1])].type;
}

const Tensor* dense_bias(const Step& step) {
  constexpr std::size_t kBias = 2;
  if (step.op.inputs.size() <= kBias || step.op.inputs[kBias] < 0) return nullptr;
  const Tensor& bias = constant(step, kBias, "bias");
  const std::int32_t outputs = dense_weights(step).shape[0];
  if (element_count(bias) != outputs) {
    refuse(fmt::format("it has {} biases for {} outputs", element_count(bias), outputs));
  }
  return &bias;
}

bool is_elementwise(const Operator& op) {
  return op.name == "ADD" || op.name == "SUB" || op.name == "MUL" || op.name == "DIV";
}

bool is_reshape(const Operator& op) {
  return op.name == "RESHAPE" || op.name == "SQUEEZE" || op.name == "EXPAND_DIMS";
}

bool is_quantize(const Operator& op) { return op.name == "QUANTIZE" || op.name == "DEQUANTIZE"; }

bool is_softmax(const Operator& op) { return op.name == "SOFTMAX" || op.name == "LOG_SOFTMAX"; }

void check_supported(const Operator& op) {
  const bool known = op.name == "FULLY_CONNECTED" || is_softmax(op) || is_elementwise(op) ||
                     is_reshape(op) || is_quantize(op);
  if (!known) activation(op, op.name);
}

Activation activation(const Operator& op, std::string_view name) {
  if (name == "NONE") return Activation::identity;
  for (const auto function : activation_functions()) {
    const ActivationInfo& info = function().info;
    if (info.tflite != name) continue;
    if (op.approximate) refuse("it is approximated by tanh; only the exact GELU is supported");
    const float alpha = name == "LEAKY_RELU" ? op.alpha : 1;  // ELU's
    return {function, info.alpha ? alpha : 0};
  }
  refuse_operator(name, name == op.name ? "it" : fmt::format("the {} that it ends in", name));
}

}  // namespace pare::nn::tflite
