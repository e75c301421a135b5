#include <fmt/format.h>

#include <string_view>

#include "nn/formats/onnx_chain.h"

namespace pare::nn::onnx {
namespace {

/// What to say of operators that people's files hold and that are not supported.
struct Hint {
  std::string_view begins;  ///< of the operator's name
  std::string_view text;
};

constexpr std::string_view kLayers = "only dense layers are: Gemm, or MatMul and Add";
constexpr std::string_view kControl = "export the model without control flow";

constexpr Hint kHints[] = {
    {"Conv", kLayers},
    {"MaxPool", kLayers},
    {"AveragePool", kLayers},
    {"Global", kLayers},
    {"LSTM", kLayers},
    {"GRU", kLayers},
    {"RNN", kLayers},
    {"Gather", kLayers},
    {"Attention", kLayers},
    {"ai.onnx.ml.TreeEnsemble", "linear models and multi-layer perceptrons are"},
    {"ai.onnx.ml.SVM", "linear models and multi-layer perceptrons are"},
    {"ai.onnx.ml.Imputer", "fill in missing values before the model, and leave it out of it"},
    {"ai.onnx.ml.FeatureVectorizer", "give the model all features as one input"},
    {"ai.onnx.ml.OneHotEncoder", "encode categories before the model, and leave it out of it"},
    {"ai.onnx.ml.LabelEncoder", "it gives a label; take the output that its scores come from"},
    {"ai.onnx.ml.ArrayFeatureExtractor",
     "it gives a label; take the output that its scores come from"},
    {"ArgMax", "it gives the number of a class; take the output that it reads"},
    {"If", kControl},
    {"Loop", kControl},
    {"Scan", kControl},
    {"HardSwish", "the nearest supported one is x * Sigmoid(x), silu"},
    {"Swish", "the nearest supported one is x * Sigmoid(x), silu"},
    {"Mish", "the nearest supported one is x * Sigmoid(x), silu"},
    {"HardSigmoid", "the nearest supported one is Sigmoid"},
    {"Softsign", "the nearest supported one is Tanh"},
    {"Selu", "the nearest supported one is Elu"},
    {"Celu", "the nearest supported one is Elu"},
    {"PRelu", "the nearest supported one is LeakyRelu"},
    {"ThresholdedRelu", "the nearest supported one is Relu"},
    {"LayerNormalization", "the nearest supported one is BatchNormalization"},
    {"InstanceNormalization", "the nearest supported one is BatchNormalization"},
    {"Random", "it gives something else every time"},
    {"com.microsoft.Fused", "export the model before its nodes are fused"},
    {"com.microsoft.QLinear", "quantize with QuantizeLinear and DequantizeLinear (QDQ) instead"},
    {"com.microsoft.Dynamic", "quantize with QuantizeLinear and DequantizeLinear (QDQ) instead"},
    {"com.microsoft.MatMul", "quantize with QuantizeLinear and DequantizeLinear (QDQ) instead"},
};

}  // namespace

std::string hint(const Node& node) {
  for (const Hint& each : kHints) {
    if (node.op.starts_with(each.begins)) {
      return fmt::format("{} is not supported; {}", node.op, each.text);
    }
  }
  return fmt::format("{} is not supported", node.op);
}

}  // namespace pare::nn::onnx
