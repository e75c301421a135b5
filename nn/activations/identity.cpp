#include "nn/activations/define.h"

namespace pare::nn {

struct Identity {
  static constexpr ActivationInfo kInfo{.name = "identity",
                                        .formula = "x",
                                        .source = "",
                                        .board_code = "x",
                                        .exact = true,
                                        .onnx = "Identity"};

  template <class T>
  static T value(T x, T /*alpha*/) {
    return x;
  }

  static float slope(float /*x*/, float /*y*/, float /*alpha*/) { return 1; }
};

template const ActivationFunction& activation_function<Identity>();

}  // namespace pare::nn
