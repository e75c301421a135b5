#include "nn/activations/define.h"
#include "nn/elementary.h"

namespace pare::nn {

struct Softplus {
  static constexpr ActivationInfo kInfo{
      .name = "softplus",
      .formula = "log(1 + exp(x))",
      .source =
          "Dugas et al., \"Incorporating Second-Order Functional Knowledge for Better Option "
          "Pricing\", NIPS 2000",
      .board_code = "(x > 0 ? x : 0) + logf(1.0f + expf(x > 0 ? -x : x))",
      .onnx = "Softplus"};

  template <class T>
  static T value(T x, T /*alpha*/) {
    return elementary::softplus(x);
  }

  static float slope(float /*x*/, float y, float /*alpha*/) { return 1 - elementary::exp(-y); }
};

template const ActivationFunction& activation_function<Softplus>();

}  // namespace pare::nn
