#include "nn/activations/define.h"
#include "nn/elementary.h"

namespace pare::nn {

struct Sigmoid {
  static constexpr ActivationInfo kInfo{.name = "sigmoid",
                                        .formula = "1 / (1 + exp(-x))",
                                        .source = "Rumelhart, Hinton, Williams, Nature 323, 1986",
                                        .board_code = "1.0f / (1.0f + expf(-x))",
                                        .steepest = 0.25F,
                                        .int8_output = Quantization{1.0F / 256, -128},
                                        .onnx = "Sigmoid",
                                        .tflite = "LOGISTIC"};

  template <class T>
  static T value(T x, T /*alpha*/) {
    return elementary::logistic(x);
  }

  static float slope(float /*x*/, float y, float /*alpha*/) { return y * (1 - y); }
  static double inverse(double value) { return elementary::log(value / (1 - value)); }
};

template const ActivationFunction& activation_function<Sigmoid>();

}  // namespace pare::nn
