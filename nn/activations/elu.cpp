#include "nn/activations/define.h"
#include "nn/elementary.h"

namespace pare::nn {

struct Elu {
  static constexpr ActivationInfo kInfo{
      .name = "elu",
      .formula = "x > 0 ? x : alpha (exp(x) - 1)",
      .source =
          "Clevert, Unterthiner, Hochreiter, \"Fast and Accurate Deep Network Learning by "
          "Exponential Linear Units\", ICLR 2016",
      .board_code = "x > 0 ? x : alpha * (expf(x) - 1.0f)",
      .alpha = 1.0F,
      .onnx = "Elu",
      .tflite = "ELU"};

  template <class T>
  static T value(T x, T alpha) {
    const T t = elementary::tanh((x < 0 ? x : 0) / 2);  // e^x - 1 = 2 t / (1 - t), exact near 0
    return x > 0 ? x : alpha * 2 * t / (1 - t);
  }

  static float slope(float /*x*/, float y, float alpha) { return y > 0 ? 1 : y + alpha; }
};

template const ActivationFunction& activation_function<Elu>();

}  // namespace pare::nn
