#include "nn/activations/define.h"
#include "nn/elementary.h"

namespace pare::nn {

struct Gelu {
  static constexpr ActivationInfo kInfo{
      .name = "gelu",
      .formula = "x (1 + erf(x / sqrt(2))) / 2",
      .source = "Hendrycks and Gimpel, \"Gaussian Error Linear Units\", arXiv:1606.08415, 2016",
      .board_code = "0.5f * x * (1.0f + erff(x * 0.70710678f))",
      .steepest = 1.13F,
      .slope_of_input = true,
      .onnx = "Gelu",
      .tflite = "GELU"};

  template <class T>
  static T value(T x, T /*alpha*/) {
    return x / 2 * (1 + elementary::erf(x * static_cast<T>(0.70710678118654752)));
  }

  static float slope(float x, float /*y*/, float /*alpha*/) {
    const float share = (1 + elementary::erf(x * 0.70710678F)) / 2;
    return share + x * 0.39894228F * elementary::exp(-x * x / 2);
  }
};

template const ActivationFunction& activation_function<Gelu>();

}  // namespace pare::nn
