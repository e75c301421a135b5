#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nn/formats/operations.h"
#include "nn/formats/tflite_graph.h"

/// What the operators of a TFLite file compute. All throw std::invalid_argument that says what is
/// not supported or wrong.
namespace pare::nn::tflite {

/// One operator between a model's input and its output.
struct Step {
  const Graph& graph;
  const Operator& op;
  const Tensor& input;  ///< of its inputs the one that is computed
  const Tensor& output;
  std::string place;  ///< for messages: "operator 2 'dense_1' (FULLY_CONNECTED)"
};

[[noreturn]] void refuse(const std::string& what);

/// Says that the operator or activation `name`, called `what`, is not supported, and what is.
[[noreturn]] void refuse_operator(std::string_view name, std::string_view what);

/// How many numbers a tensor has: at least 1.
Index element_count(const Tensor& tensor);

/// How many of them are one sample's: all dimensions but the first, where there are several.
Index sample_size(const Tensor& tensor);

/// The data of a constant, which must be of `type` and have as many bytes as its shape needs.
std::string_view checked_data(const Tensor& tensor, std::string_view type,
                              std::size_t element_bytes);

/// A constant: [all but the last dimension, the last].
template <class T>
auto elements(const Tensor& tensor, std::string_view type) {
  const std::string_view data = checked_data(tensor, type, sizeof(T));
  const Index columns = tensor.shape.empty() ? 1 : tensor.shape.back();
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> values(
      element_count(tensor) / columns, columns);
  std::memcpy(values.data(), data.data(), data.size());
  return values;
}

/// The same as the finite reals that it stands for, exactly: of float32, float16, or int8 with
/// scales.
Matrix reals(const Tensor& tensor);

/// The scales of a constant's rows: [1] or [rows].
Vector row_scales(const Tensor& tensor, Index rows);

/// Throws unless all zero points are 0.
void expect_no_zero_point(const Tensor& tensor);

/// The constant that a tensor is, or that a DEQUANTIZE gives it of; null if it is computed, or left
/// out.
const Tensor* find_constant(const Graph& graph, std::int32_t index);

/// That of input `index` of an operator, which must have one; `what` it is, for the message.
const Tensor& constant(const Step& step, std::size_t index, std::string_view what);

/// The weights of a FULLY_CONNECTED, [outputs, inputs], which take a sample of the step's input.
const Tensor& dense_weights(const Step& step);

/// The type as which it takes them, which behind a DEQUANTIZE is FLOAT32.
std::string_view weights_type(const Step& step);

/// The bias of a FULLY_CONNECTED, or null if it has none.
const Tensor* dense_bias(const Step& step);

bool is_elementwise(const Operator& op);  ///< ADD, SUB, MUL or DIV
bool is_reshape(const Operator& op);      ///< RESHAPE, SQUEEZE or EXPAND_DIMS
bool is_quantize(const Operator& op);     ///< QUANTIZE or DEQUANTIZE
bool is_softmax(const Operator& op);      ///< SOFTMAX or LOG_SOFTMAX

/// Throws if an operator is of no use for an MLP.
void check_supported(const Operator& op);

/// What an operator, or the activation that an operator ends in, does.
Activation activation(const Operator& op, std::string_view name);

SoftmaxOperation softmax(const Step& step);

/// What a step on float32 computes, behind `chain`. Of int8 weights, which TensorFlow's runtime
/// multiplies with rounded activations, the place is added to `hybrid`.
void add_float_operations(const Step& step, std::vector<Operation>& chain,
                          std::vector<std::string>& hybrid);

/// True for the activations that int8 layers look up in a table, as TFLite does it.
bool has_int8_operator(std::string_view name);

/// An activation of its own on int8.
struct Int8Activation {
  Activation activation;
  Quantization to;  ///< of its outputs
};

/// One step on int8.
struct Int8Operation {
  std::string place;
  std::variant<Int8Layer, Int8Activation, SoftmaxOperation> what;
};

/// True for int8, and for uint8, which is taken as int8: every number is 128 less.
bool is_int8(const Tensor& tensor);

/// The one scale and zero point of such a tensor.
Quantization quantization(const Tensor& tensor);

Int8Operation int8_operation(const Step& step);

/// The model of a chain. Throws naming the place if it is no MLP; nn::check is left to the caller.
Model int8_model(const std::vector<Int8Operation>& chain);

}  // namespace pare::nn::tflite
