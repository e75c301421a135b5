#pragma once

#include <array>
#include <utility>

#include "nn/loss.h"
#include "nn/model.h"

namespace pare::nn {

inline constexpr std::array kActivations{Activation::identity, Activation::relu, Activation::tanh,
                                         Activation::sigmoid};

/// values = activation(values), element by element.
void activate(Activation activation, MatrixRef values);

/// deltas *= the activation's derivative, which follows from what it gave: `outputs` / `scale`;
/// ReLU's at 0 is 0. Both are [samples, outputs].
void multiply_by_derivative(Activation activation, const ConstMatrixRef& outputs, MatrixRef deltas,
                            float scale = 1);

/// True for tanh and sigmoid: an int8 layer looks its outputs up in a table.
bool has_table(Activation activation);

/// The quantization of the outputs that come from a table: [-1, 1) in steps of 1/128 for tanh,
/// [0, 1) in steps of 1/256 for sigmoid. Source: TFLite 8-bit quantization specification, TANH and
/// LOGISTIC.
Quantization table_output(Activation activation);

/// The reals from the last at which the table's output is the least there is to the first at which
/// it is the greatest: a pre-activation quantization that covers more only loses precision.
std::pair<float, float> table_range(Activation activation);

/// The outputs of an int8 layer for the pre-activations -128 to 127: quantized(activation(real)).
/// Source: TFLite kernels/internal/common.h, LUTPopulate; here in double.
std::array<std::int8_t, 256> make_table(Activation activation, const Quantization& pre_activation);

}  // namespace pare::nn
