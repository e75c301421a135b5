#include "nn/activation.h"

#include <algorithm>
#include <cmath>

#include "nn/elementary.h"

namespace pare::nn {
namespace {

/// value = function(value) of every element: a loop that compilers vectorize.
template <class Function>
void replace(MatrixRef values, Function function) {
  for (Index i = 0; i < values.rows(); ++i) {
    float* const row = values.row(i).data();
    for (Index j = 0; j < values.cols(); ++j) row[j] = function(row[j]);
  }
}

float logit(double probability) {
  return static_cast<float>(elementary::log(probability / (1 - probability)));
}

float artanh(double value) {
  return static_cast<float>(elementary::log((1 + value) / (1 - value)) / 2);
}

}  // namespace

void activate(Activation activation, MatrixRef values) {
  switch (activation) {
    case Activation::identity:
      return;
    case Activation::relu:
      values = values.cwiseMax(0.0F);
      return;
    case Activation::tanh:
      replace(values, [](float value) { return elementary::tanh(value); });
      return;
    case Activation::sigmoid:
      replace(values, [](float value) { return elementary::logistic(value); });
      return;
  }
}

void multiply_by_derivative(Activation activation, const ConstMatrixRef& outputs, MatrixRef deltas,
                            float scale) {
  switch (activation) {
    case Activation::identity:
      return;
    case Activation::relu:
      for (Index i = 0; i < deltas.rows(); ++i) {  // a loop that compilers vectorize
        float* const delta = deltas.row(i).data();
        const float* const output = outputs.row(i).data();
        for (Index j = 0; j < deltas.cols(); ++j) delta[j] = output[j] > 0 ? delta[j] : 0;
      }
      return;
    case Activation::tanh:
      deltas.array() *= 1 - (outputs.array() / scale).square();
      return;
    case Activation::sigmoid:
      deltas.array() *= outputs.array() / scale * (1 - outputs.array() / scale);
      return;
  }
}

bool has_table(Activation activation) {
  return activation == Activation::tanh || activation == Activation::sigmoid;
}

Quantization table_output(Activation activation) {
  return activation == Activation::tanh ? Quantization{1.0F / 128, 0}
                                        : Quantization{1.0F / 256, -128};
}

std::pair<float, float> table_range(Activation activation) {
  // Outputs round to the least of their steps up to half a step above it, and so at the other end.
  if (activation == Activation::tanh) {
    return {artanh(-127.5 / 128), artanh(126.5 / 128)};
  }
  return {logit(0.5 / 256), logit(254.5 / 256)};
}

std::array<std::int8_t, 256> make_table(Activation activation, const Quantization& pre_activation) {
  const Quantization output = table_output(activation);
  std::array<std::int8_t, 256> table{};
  for (int i = 0; i < 256; ++i) {
    const double real = double{pre_activation.scale} * (i - 128 - pre_activation.zero_point);
    const double y =
        activation == Activation::tanh ? elementary::tanh(real) : 1 / (1 + elementary::exp(-real));
    const double steps = std::round(y / double{output.scale}) + output.zero_point;
    table[static_cast<std::size_t>(i)] = static_cast<std::int8_t>(std::clamp(steps, -128.0, 127.0));
  }
  return table;
}

}  // namespace pare::nn
