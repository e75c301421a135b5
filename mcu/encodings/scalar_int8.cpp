#include "mcu/kernel/scalar_int8.h"

#include <fmt/format.h>

#include <algorithm>

#include "mcu/encodings/can_pair.h"
#include "mcu/encodings/int8_rows.h"
#include "nn/quantization.h"

namespace pare::mcu {
namespace {

void append(std::vector<std::int8_t>& bytes, std::int64_t value, int count) {
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::int8_t>(value >> (8 * i)));
}

std::vector<std::int8_t> bytes_of(const nn::Int8Layer& layer) {
  std::vector<std::int8_t> bytes;
  append(bytes, layer.weights.cols(), 2);
  append(bytes, layer.weights.rows(), 2);
  append(bytes, nn::requantized(layer).zero_point, 1);
  for (nn::Index row = 0; row < layer.weights.rows(); ++row) {
    const nn::FixedPointMultiplier factor = nn::row_multiplier(layer, row);
    append(bytes, std::max(1, -factor.shift), 1);  // any for a multiplier of 0
    append(bytes, layer.bias[row], 3);
    for (nn::Index i = 0; i < layer.weights.cols(); ++i) append(bytes, layer.weights(row, i), 1);
    append(bytes, factor.multiplier, 4);
  }
  return bytes;
}

template <bool kSingleRounding>
LayerCode encode(const nn::Int8Layer& layer, bool last) {
  return {.arrays = {layer_array("bytes", bytes_of(layer))},
          .header = "scalar_int8.h",
          .type = fmt::format("ScalarInt8<{}>", kSingleRounding),
          .constants = "",
          .run =
              [last](const void* const* at, const void* in, void* out) {
                const ScalarInt8<kSingleRounding> kernel{static_cast<const std::int8_t*>(at[0])};
                run_int8(kernel, last, in, out);
              },
          .functions = {fmt::format("ScalarInt8<{}>", kSingleRounding)},
          .work = {{"rows", layer.weights.rows()}, {"weights", layer.weights.size()}}};
}

}  // namespace

std::optional<LayerCode> encode_scalar_int8(const nn::Layer& any, bool last) {
  const auto* layer = std::get_if<nn::Int8Layer>(&any);
  if (layer == nullptr || !can_pair(*layer)) return std::nullopt;
  return layer->requantizing == nn::Requantizing::single_rounding ? encode<true>(*layer, last)
                                                                  : encode<false>(*layer, last);
}

}  // namespace pare::mcu
