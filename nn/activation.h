#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "nn/loss.h"
#include "nn/model.h"

namespace pare::nn {

/// What a file in nn/activations/ says of its function.
struct ActivationInfo {
  std::string_view name;     ///< as configs and files have it
  std::string_view formula;  ///< of x, and of alpha where it has one
  std::string_view source;   ///< the paper
  /// C++ of the value at a float `x`, for boards; `alpha` is its parameter.
  std::string_view board_code;
  float steepest = 1;           ///< the largest slope in size, alpha 1 at most
  bool exact = false;           ///< its value is x, or a constant: nothing is rounded
  bool slope_of_input = false;  ///< its slope does not follow from what it gave
  /// Its parameter's value where nothing else is said; nothing for a function without one.
  std::optional<float> alpha = {};
  /// What int8 outputs stand for, where that is fixed; else it is calibrated.
  std::optional<Quantization> int8_output = {};
  std::string_view onnx = {};    ///< its operator in ONNX, or none
  std::string_view tflite = {};  ///< its operator in TFLite, or none
};

/// One activation function. Its values and slopes are the same on every processor.
struct ActivationFunction {
  ActivationInfo info;
  double (*value)(double x, double alpha);
  /// values = f(values), element by element.
  void (*activate)(float alpha, MatrixRef values);
  /// deltas *= f' at `inputs`, where f gave `outputs` / scale.
  void (*multiply_by_slope)(float alpha, const ConstMatrixRef& inputs,
                            const ConstMatrixRef& outputs, float scale, MatrixRef deltas);
  /// Where it is least and greatest at the ends of [low, high], the reals at which it takes these
  /// values; null unless it has int8_output.
  double (*inverse)(double value);
  /// The int8 output for int8 `x` in another arithmetic than rounding the value; mostly null.
  std::int32_t (*int8_value)(std::int32_t x, const Int8Layer& layer);
};

/// All there are, in the order of the registry.
std::span<const ActivationFunction& (*const)()> activation_functions();

/// "relu", or with its parameter "elu(0.5)".
std::string text(Activation activation);

/// The activation that text() calls `text`; without a parameter the function's own one. Nothing if
/// there is none.
std::optional<Activation> find_activation(std::string_view text);

/// values = activation(values), element by element.
void activate(Activation activation, MatrixRef values);

/// True if multiply_by_derivative needs the inputs, the outputs not being enough.
bool needs_inputs(Activation activation);

/// deltas *= the activation's derivative at `inputs`, where it gave `outputs` / `scale`; ReLU's at
/// 0 is 0. All are [samples, outputs]; `inputs` may be empty unless needs_inputs().
void multiply_by_derivative(Activation activation, const ConstMatrixRef& inputs,
                            const ConstMatrixRef& outputs, MatrixRef deltas, float scale = 1);

/// True unless a clamp is all it takes (identity, relu): an int8 layer looks its outputs up in a
/// table.
bool has_table(Activation activation);

/// What an int8 layer does in place of `activation`: ReLU6 is ReLU where int8 ends at 6 or below.
Activation int8_activation(Activation activation, const Quantization& output);

/// The quantization of outputs that come from a table, where it is fixed: [-1, 1) in steps of 1/128
/// for tanh, [0, 1) in steps of 1/256 for sigmoid. Source: TFLite 8-bit quantization specification,
/// TANH and LOGISTIC.
std::optional<Quantization> table_output(Activation activation);

/// The part of the pre-activations [low, high] outside of which a table to `output` only repeats
/// its first and last entry: a pre-activation quantization that covers more only loses precision.
std::pair<float, float> table_range(Activation activation, const Quantization& output, float low,
                                    float high);

/// The outputs of an int8 layer with a table for the pre-activations -128 to 127:
/// quantized(activation(real)). Source: TFLite kernels/internal/common.h, LUTPopulate; here in
/// double.
std::array<std::int8_t, 256> make_table(const Int8Layer& layer);

}  // namespace pare::nn
