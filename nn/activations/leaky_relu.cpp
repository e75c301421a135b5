#include "nn/activations/define.h"
#include "nn/quantization.h"

namespace pare::nn {

struct LeakyRelu {
  static constexpr ActivationInfo kInfo{.name = "leaky_relu",
                                        .formula = "x > 0 ? x : alpha x",
                                        .source =
                                            "Maas, Hannun, Ng, \"Rectifier Nonlinearities Improve "
                                            "Neural Network Acoustic Models\", ICML 2013",
                                        .board_code = "x > 0 ? x : alpha * x",
                                        .exact = false,
                                        .alpha = 0.01F,
                                        .onnx = "LeakyRelu",
                                        .tflite = "LEAKY_RELU"};

  template <class T>
  static T value(T x, T alpha) {
    return x > 0 ? x : alpha * x;
  }

  static float slope(float /*x*/, float y, float alpha) { return y > 0 ? 1 : alpha; }

  /// Source: tensorflow/lite/kernels/internal/reference/leaky_relu.h, QuantizeLeakyRelu.
  static std::int32_t int8_value(std::int32_t x, const Int8Layer& layer) {
    const Quantization& from = layer.pre_activation;
    const float slope = x >= from.zero_point ? 1 : layer.activation.alpha;
    FixedPointMultiplier factor =
        quantize_multiplier(double{from.scale * slope / layer.output.scale});
    factor.requantizing = layer.requantizing;
    return requantize(x - from.zero_point, factor) + layer.output.zero_point;
  }
};

template const ActivationFunction& activation_function<LeakyRelu>();

}  // namespace pare::nn
