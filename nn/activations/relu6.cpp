#include "nn/activations/define.h"

namespace pare::nn {

struct Relu6 {
  static constexpr ActivationInfo kInfo{
      .name = "relu6",
      .formula = "min(max(x, 0), 6)",
      .source = "Krizhevsky, \"Convolutional Deep Belief Networks on CIFAR-10\", 2010",
      .board_code = "x > 6 ? 6 : x > 0 ? x : 0",
      .exact = true,
      .onnx = "Clip",
      .tflite = "RELU6"};

  template <class T>
  static T value(T x, T /*alpha*/) {
    return x > 6 ? 6 : (x > 0 ? x : 0);
  }

  static float slope(float /*x*/, float y, float /*alpha*/) { return y > 0 && y < kLast ? 1 : 0; }

 private:
  static constexpr float kLast = 5.99999F;  // dropout scales what was 6, and back, which rounds
};

template const ActivationFunction& activation_function<Relu6>();

}  // namespace pare::nn
