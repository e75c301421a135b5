#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pare::nn {

using Index = Eigen::Index;
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXf;
using RowVector = Eigen::RowVectorXf;
using Int8Matrix = Eigen::Matrix<std::int8_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Int32Vector = Eigen::Matrix<std::int32_t, Eigen::Dynamic, 1>;

struct ActivationFunction;  // nn/activation.h

/// The function that a file in nn/activations/ defines as the type `F`.
template <class F>
const ActivationFunction& activation_function();
extern template const ActivationFunction& activation_function<struct Identity>();
extern template const ActivationFunction& activation_function<struct Relu>();
extern template const ActivationFunction& activation_function<struct Relu6>();
extern template const ActivationFunction& activation_function<struct Tanh>();
extern template const ActivationFunction& activation_function<struct Sigmoid>();

/// What a layer ends in: a function, and its parameter if it has one.
struct Activation {
  const ActivationFunction& (*function)() = activation_function<Identity>;
  float alpha = 0;  ///< 0 for a function without a parameter

  static const Activation identity;
  static const Activation relu;
  static const Activation relu6;
  static const Activation tanh;
  static const Activation sigmoid;

  friend bool operator==(const Activation&, const Activation&) = default;
};

inline constexpr Activation Activation::identity{activation_function<struct Identity>};
inline constexpr Activation Activation::relu{activation_function<struct Relu>};
inline constexpr Activation Activation::relu6{activation_function<struct Relu6>};
inline constexpr Activation Activation::tanh{activation_function<struct Tanh>};
inline constexpr Activation Activation::sigmoid{activation_function<struct Sigmoid>};

/// y = activation(weights x + bias) in float32: what is trained and pruned.
struct DenseLayer {
  Matrix weights;  ///< [outputs, inputs]; a pruned weight is exactly 0
  Vector bias;     ///< [outputs]
  Activation activation = Activation::identity;
};

/// How the integers of a tensor stand for reals: real = scale * (quantized - zero_point).
/// Source: TFLite 8-bit quantization specification.
struct Quantization {
  float scale = 1;              ///< > 0
  std::int32_t zero_point = 0;  ///< in [-128, 127]

  friend bool operator==(const Quantization&, const Quantization&) = default;
};

/// How often an accumulator is rounded on its way to an output: after the multiplier and again
/// after the shift, as TFLite does by default, or once after both, as TFLITE_SINGLE_ROUNDING does.
enum class Requantizing : std::uint8_t { double_rounding, single_rounding };

/// The same layer in integers; multipliers and shifts follow from the scales (nn/quantization.h).
/// Source: TFLite 8-bit quantization specification, FULLY_CONNECTED.
struct Int8Layer {
  Int8Matrix weights;    ///< [outputs, inputs], in [-127, 127], zero point 0
  Int32Vector bias;      ///< [outputs], scale = input.scale * weight scale of the row
  Vector weight_scales;  ///< [1] for the whole tensor, or [outputs], one per row
  Quantization input;
  Quantization output;  ///< after tanh and sigmoid fixed: nn::table_output
  Activation activation = Activation::identity;
  /// Of tanh and sigmoid only: what the accumulators are requantized to before a table of 256
  /// entries gives the outputs.
  Quantization pre_activation = {};
  Requantizing requantizing = Requantizing::double_rounding;
};

using Layer = std::variant<DenseLayer, Int8Layer>;

/// How what the user calls an input becomes what the first layer sees, feature by feature:
/// seen = activation((real - offset) * factor). In this order a small factor of a large offset
/// loses nothing: where real is the offset, 0 is seen.
struct Inputs {
  RowVector offset = {};  ///< [features], or empty: all 0
  RowVector factor = {};  ///< [features], or empty: all 1
  Activation activation = Activation::identity;
  std::vector<std::string> names = {};  ///< one a feature, or none
};

/// What the last layer's outputs mean.
enum class Meaning : std::uint8_t {
  values,            ///< numbers, such as a regression's
  logits,            ///< of classes: the largest wins
  probabilities,     ///< the same, and the user is given their softmax
  log_probabilities  ///< the same, and the user is given the logarithms of their softmax
};

/// How what the last layer gives becomes what the user calls an output: real = given * factor +
/// offset, and what the meaning adds to it.
struct Outputs {
  RowVector factor = {};  ///< [outputs], or empty: all 1
  RowVector offset = {};  ///< [outputs], or empty: all 0
  Meaning meaning = Meaning::values;
  /// Of classes or values: one an output, or none. Two names of a single output that ends in a
  /// sigmoid: it is the probability of the second.
  std::vector<std::string> names = {};
};

/// A multi-layer perceptron, and what its ends are to the user. A value: copying it copies every
/// weight.
struct Model {
  std::vector<Layer> layers;
  Inputs inputs = {};
  Outputs outputs = {};
};

/// The arithmetic that a model's layers compute in; a model never mixes them.
enum class Arithmetic : std::uint8_t { float32, int8 };

/// Throws std::invalid_argument, naming the layer, unless `model` has a layer, consecutive layers
/// fit in size, arithmetic and quantization, every number is finite and in its legal range, and no
/// int8 row can overflow its int32 accumulator; and its ends are of its size.
void check(const Model& model);

/// The arithmetic of the first layer. The model must not be empty.
Arithmetic arithmetic(const Model& model);

/// True if the outputs say how likely each class is, or a binary one's second class.
bool is_classifier(const Model& model);

/// The names of a classifier's classes; class k is called k where they have none.
std::vector<std::string> class_names(const Model& model);

/// True for one output that ends in a sigmoid: the probability of the second of two classes.
bool is_binary(const Model& model);

/// "1-16-16-1".
std::string widths(const Model& model);

Index input_count(const Layer& layer);
Index output_count(const Layer& layer);
Index input_count(const Model& model);
Index output_count(const Model& model);

/// Weights and biases of a layer, zeros included.
Index parameter_count(const Layer& layer);
Index parameter_count(const Model& model);

/// Weights and biases of a model that are not 0.
Index nonzero_count(const Model& model);

/// Multiply-accumulates of one inference, zeros included: the sum of outputs * inputs.
Index mac_count(const Model& model);

/// Of its function, without a parameter.
std::string_view name(Activation activation);
std::string_view name(Arithmetic arithmetic);
std::string_view name(Requantizing requantizing);
std::string_view name(Meaning meaning);

}  // namespace pare::nn
