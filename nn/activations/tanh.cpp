#include "nn/activations/define.h"
#include "nn/elementary.h"

namespace pare::nn {

struct Tanh {
  static constexpr ActivationInfo kInfo{
      .name = "tanh",
      .formula = "tanh(x)",
      .source = "LeCun, Bottou, Orr, Mueller, \"Efficient BackProp\", 1998, section 4.4",
      .board_code = "tanhf(x)",
      .int8_output = Quantization{1.0F / 128, 0},
      .onnx = "Tanh",
      .tflite = "TANH"};

  template <class T>
  static T value(T x, T /*alpha*/) {
    return elementary::tanh(x);
  }

  static float slope(float /*x*/, float y, float /*alpha*/) { return 1 - y * y; }
  static double inverse(double value) { return elementary::log((1 + value) / (1 - value)) / 2; }
};

template const ActivationFunction& activation_function<Tanh>();

}  // namespace pare::nn
