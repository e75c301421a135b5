#include "nn/activations/define.h"
#include "nn/elementary.h"

namespace pare::nn {

struct Silu {
  static constexpr ActivationInfo kInfo{
      .name = "silu",
      .formula = "x / (1 + exp(-x))",
      .source =
          "Elfwing, Uchibe, Doya, Neural Networks 107, 2018, \"Sigmoid-weighted linear units\"",
      .board_code = "x / (1.0f + expf(-x))",
      .steepest = 1.1F,
      .slope_of_input = true};

  template <class T>
  static T value(T x, T /*alpha*/) {
    return x * elementary::logistic(x);
  }

  static float slope(float x, float y, float /*alpha*/) {
    const float sigmoid = elementary::logistic(x);
    return sigmoid + y * (1 - sigmoid);
  }
};

template const ActivationFunction& activation_function<Silu>();

}  // namespace pare::nn
