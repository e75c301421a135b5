#pragma once

#include "nn/activation.h"

namespace pare::nn {

/// A file in nn/activations/ has a struct `F` with `static constexpr ActivationInfo kInfo`, its
/// value at x, `template <class T> static T value(T x, T alpha)` for float and double, and its
/// slope at x, where it gave y, `static float slope(float x, float y, float alpha)`; if int8
/// outputs are fixed also `static double inverse(double value)`. The file ends with `template const
/// ActivationFunction& activation_function<F>();`, and the registry has its line. The loops over a
/// matrix are here, so that compilers vectorize them.
template <class F>
const ActivationFunction& activation_function() {
  struct Loops {
    static double value(double x, double alpha) { return F::value(x, alpha); }

    static void activate(float alpha, MatrixRef values) {
      for (Index i = 0; i < values.rows(); ++i) {
        float* const row = values.row(i).data();
        for (Index j = 0; j < values.cols(); ++j) row[j] = F::value(row[j], alpha);
      }
    }

    static void multiply_by_slope(float alpha, const ConstMatrixRef& inputs,
                                  const ConstMatrixRef& outputs, float scale, MatrixRef deltas) {
      for (Index i = 0; i < deltas.rows(); ++i) {
        float* const delta = deltas.row(i).data();
        const float* const y = outputs.row(i).data();
        // Where the slope follows from y, the compiler drops what reads x.
        const float* const x = F::kInfo.slope_of_input ? inputs.row(i).data() : y;
        for (Index j = 0; j < deltas.cols(); ++j) {
          delta[j] *= F::slope(x[j], y[j] / scale, alpha);
        }
      }
    }
  };
  static constexpr auto kInverse = [] {
    double (*inverse)(double) = nullptr;
    if constexpr (requires { F::inverse(0.0); }) inverse = F::inverse;
    return inverse;
  }();
  static constexpr auto kInt8Value = [] {
    std::int32_t (*int8_value)(std::int32_t, const Int8Layer&) = nullptr;
    if constexpr (requires(const Int8Layer& layer) { F::int8_value(0, layer); }) {
      int8_value = F::int8_value;
    }
    return int8_value;
  }();
  static constexpr ActivationFunction kFunction{
      F::kInfo, Loops::value, Loops::activate, Loops::multiply_by_slope, kInverse, kInt8Value};
  return kFunction;
}

}  // namespace pare::nn
