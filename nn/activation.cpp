#include "nn/activation.h"

#include <algorithm>
#include <cmath>

namespace pare::nn {

void activate(Activation activation, MatrixRef values) {
  switch (activation) {
    case Activation::identity:
      return;
    case Activation::relu:
      values = values.cwiseMax(0.0F);
      return;
    case Activation::tanh:
      values = values.array().tanh();
      return;
    case Activation::sigmoid:
      values = values.array().logistic();
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
    return {std::atanh(-127.5F / 128), std::atanh(126.5F / 128)};
  }
  const auto logit = [](float probability) { return std::log(probability / (1 - probability)); };
  return {logit(0.5F / 256), logit(254.5F / 256)};
}

std::array<std::int8_t, 256> make_table(Activation activation, const Quantization& pre_activation) {
  const Quantization output = table_output(activation);
  std::array<std::int8_t, 256> table{};
  for (int i = 0; i < 256; ++i) {
    const double real = double{pre_activation.scale} * (i - 128 - pre_activation.zero_point);
    const double y = activation == Activation::tanh ? std::tanh(real) : 1 / (1 + std::exp(-real));
    const double steps = std::round(y / double{output.scale}) + output.zero_point;
    table[static_cast<std::size_t>(i)] = static_cast<std::int8_t>(std::clamp(steps, -128.0, 127.0));
  }
  return table;
}

}  // namespace pare::nn
