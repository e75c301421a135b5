#include "mcu/kernel/dense_float32.h"

#include <fmt/format.h>

#include "mcu/encodings/encoding.h"

namespace pare::mcu {

std::optional<LayerCode> encode_dense_float32(const nn::Layer& any, bool /*last*/) {
  const auto* layer = std::get_if<nn::DenseLayer>(&any);
  if (layer == nullptr) return std::nullopt;
  const auto inputs = static_cast<std::uint16_t>(layer->weights.cols());
  const auto outputs = static_cast<std::uint16_t>(layer->weights.rows());
  const std::uint8_t relu = layer->activation == nn::Activation::relu ? 1 : 0;
  const auto run = [=](const void* const* arrays, const void* in, void* out) {
    const DenseFloat32 kernel{static_cast<const float*>(arrays[0]),
                              static_cast<const float*>(arrays[1]), inputs, outputs, relu};
    dense(kernel, static_cast<const float*>(in), static_cast<float*>(out));
  };
  return LayerCode{.arrays = {layer_array("weights", layer->weights.data(), layer->weights.size()),
                              layer_array("bias", layer->bias.data(), layer->bias.size())},
                   .header = "dense_float32.h",
                   .type = "DenseFloat32",
                   .constants = fmt::format("{}, {}, {}", inputs, outputs, relu),
                   .run = run,
                   .cycles_estimate = 10.0 * inputs * outputs + 18.0 * outputs,
                   .kernel_bytes = 150};
}

}  // namespace pare::mcu
