#pragma once

#include "nn/model.h"

namespace pare::nn {

/// Outputs [samples, outputs] of a float or int8 model for inputs [samples, inputs], both in the
/// user's units (nn/ends.h): an int8 model quantizes what its first layer sees, computes in
/// integers exactly as the board does, and dequantizes.
Matrix forward(const Model& model, const Matrix& inputs);

/// Output of one float layer for inputs [samples, inputs].
Matrix forward(const DenseLayer& layer, const Matrix& inputs);

/// The reference that every kernel is tested against, slow and obvious:
///   acc = bias + sum_j weights_j * (inputs_j - input zero point)
///   y = clamp(requantize(acc) + output zero point), from the zero point up after ReLU;
/// for tanh and sigmoid with the pre-activation's zero point, and then y = table[y].
/// Inputs [samples, inputs]; outputs [samples, outputs].
/// Source: TFLite reference_integer_ops::FullyConnected.
Int8Matrix forward_int8(const Int8Layer& layer, const Int8Matrix& inputs);

/// The same for a whole int8 model. Throws std::invalid_argument on a float model.
Int8Matrix forward_int8(const Model& model, Int8Matrix inputs);

/// The quantization of the first layer's inputs and the last layer's outputs of an int8 model.
const Quantization& input_quantization(const Model& model);
const Quantization& output_quantization(const Model& model);

}  // namespace pare::nn
