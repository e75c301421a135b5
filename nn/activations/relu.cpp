#include "nn/activations/define.h"

namespace pare::nn {

struct Relu {
  static constexpr ActivationInfo kInfo{.name = "relu",
                                        .formula = "max(x, 0)",
                                        .source =
                                            "Nair and Hinton, \"Rectified Linear Units Improve "
                                            "Restricted Boltzmann Machines\", ICML 2010",
                                        .board_code = "x > 0 ? x : 0",
                                        .exact = true,
                                        .onnx = "Relu",
                                        .tflite = "RELU"};

  template <class T>
  static T value(T x, T /*alpha*/) {
    return x > 0 ? x : 0;
  }

  static float slope(float /*x*/, float y, float /*alpha*/) { return y > 0 ? 1 : 0; }
};

template const ActivationFunction& activation_function<Relu>();

}  // namespace pare::nn
