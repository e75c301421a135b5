#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

namespace pare::nn {

using Index = Eigen::Index;
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXf;
using Int8Matrix = Eigen::Matrix<std::int8_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Int32Vector = Eigen::Matrix<std::int32_t, Eigen::Dynamic, 1>;

enum class Activation : std::uint8_t { identity, relu, tanh, sigmoid };

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

/// A multi-layer perceptron. A value: copying it copies every weight.
struct Model {
  std::vector<Layer> layers;
};

/// The arithmetic that a model's layers compute in; a model never mixes them.
enum class Arithmetic : std::uint8_t { float32, int8 };

/// Throws std::invalid_argument, naming the layer, unless `model` has a layer, consecutive layers
/// fit in size, arithmetic and quantization, every number is finite and in its legal range, and no
/// int8 row can overflow its int32 accumulator.
void check(const Model& model);

/// The arithmetic of the first layer. The model must not be empty.
Arithmetic arithmetic(const Model& model);

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

std::string_view name(Activation activation);
std::string_view name(Arithmetic arithmetic);
std::string_view name(Requantizing requantizing);

}  // namespace pare::nn
