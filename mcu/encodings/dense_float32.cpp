#include "mcu/kernel/dense_float32.h"

#include <fmt/format.h>

#include "mcu/encodings/encoding.h"

namespace pare::mcu {
namespace {

/// Biases and weights in the order in which the kernel reads them.
std::vector<float> values(const nn::DenseLayer& layer) {
  std::vector<float> result;
  const nn::Index outputs = layer.weights.rows();
  nn::Index rows = 0;
  for (nn::Index row = 0; row < outputs; row += rows) {
    rows = outputs - row >= 4 ? 4 : 1;
    for (nn::Index r = row; r < row + rows; ++r) result.push_back(layer.bias[r]);
    for (nn::Index i = 0; i < layer.weights.cols(); ++i) {
      for (nn::Index r = row; r < row + rows; ++r) result.push_back(layer.weights(r, i));
    }
  }
  return result;
}

}  // namespace

std::optional<LayerCode> encode_dense_float32(const nn::Layer& any, bool /*last*/) {
  const auto* layer = std::get_if<nn::DenseLayer>(&any);
  if (layer == nullptr) return std::nullopt;
  const std::vector<float> all = values(*layer);
  DenseFloat32Any kernel{nullptr, static_cast<std::int32_t>(layer->weights.cols()),
                         static_cast<std::int32_t>(layer->weights.rows()),
                         layer->activation == nn::Activation::relu};
  return LayerCode{
      .arrays = {layer_array("values", all.data(), static_cast<nn::Index>(all.size()))},
      .header = "dense_float32.h",
      .type = fmt::format("DenseFloat32<{}, {}, {}>", kernel.inputs, kernel.outputs, kernel.relu),
      .constants = "",
      .run =
          [=](const void* const* arrays, const void* in, void* out) mutable {
            kernel.values = static_cast<const float*>(arrays[0]);
            dense(kernel, static_cast<const float*>(in), static_cast<float*>(out));
          },
      .functions = {},
      .work = {}};  // it is the only encoding of a float32 layer
}

}  // namespace pare::mcu
