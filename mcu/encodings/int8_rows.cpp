#include "mcu/encodings/int8_rows.h"

#include "nn/quantization.h"

namespace pare::mcu {

Int8Rows int8_rows(const nn::Int8Layer& layer) {
  const std::int32_t zero_point = nn::requantized(layer).zero_point;
  const bool relu = layer.activation == nn::Activation::relu;
  Int8Rows rows{layer.bias,
                {},
                {},
                static_cast<std::int16_t>(relu ? 0 : -128 - zero_point),
                static_cast<std::int16_t>(127 - zero_point),
                static_cast<std::int16_t>(zero_point),
                layer.requantizing == nn::Requantizing::single_rounding};
  for (nn::Index row = 0; row < layer.weights.rows(); ++row) {
    const nn::FixedPointMultiplier factor = nn::row_multiplier(layer, row);
    rows.multipliers.push_back(factor.multiplier);
    rows.shifts.push_back(static_cast<std::int8_t>(factor.shift));
  }
  return rows;
}

std::vector<LayerArray> arrays(const Int8Rows& rows) {
  const nn::Index count = rows.bias.size();
  return {layer_array("bias", rows.bias.data(), count),
          layer_array("multipliers", rows.multipliers.data(), count),
          layer_array("shifts", rows.shifts.data(), count)};
}

}  // namespace pare::mcu
