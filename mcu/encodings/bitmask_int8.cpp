#include "mcu/kernel/bitmask_int8.h"

#include <fmt/format.h>

#include "mcu/encodings/compact_rows.h"
#include "mcu/encodings/layer_object.h"

namespace pare::mcu {

/// Any int8 layer.
std::optional<LayerCode> encode_bitmask_int8(const nn::Layer& any, bool last) {
  const auto* layer = std::get_if<nn::Int8Layer>(&any);
  if (layer == nullptr) return std::nullopt;
  const nn::Int8Matrix& all = layer->weights;
  const nn::Index row_bytes = (all.cols() + 7) / 8;
  std::vector<std::int8_t> bits(static_cast<std::size_t>(all.rows() * row_bytes), 0);
  std::vector<std::int8_t> weights;
  for (nn::Index row = 0; row < all.rows(); ++row) {
    for (nn::Index i = 0; i < all.cols(); ++i) {
      if (all(row, i) == 0) continue;
      weights.push_back(all(row, i));
      std::int8_t& byte = bits[static_cast<std::size_t>(row * row_bytes + i / 8)];
      byte = static_cast<std::int8_t>(byte | 0x80 >> (i % 8));
    }
  }
  const auto nonzero = static_cast<double>(weights.size());
  if (weights.empty()) weights.push_back(0);  // an array has at least one element
  const CompactRowsCode rows = compact_rows(*layer);
  const auto inputs = static_cast<std::uint16_t>(all.cols());
  const auto outputs = static_cast<std::uint16_t>(all.rows());
  const LayerObject object =
      layer_object<BitmaskInt8, std::int8_t, std::int8_t, std::int8_t, std::int8_t>(
          last, std::tuple_cat(rows.constants, std::tuple(inputs, outputs)));
  return LayerCode{.arrays = {layer_array("bits", bits), layer_array("weights", weights),
                              rows.arrays[0], rows.arrays[1]},
                   .header = "bitmask_int8.h",
                   .type = "BitmaskInt8",
                   .constants = object.constants,
                   .run = object.run,
                   .functions = compact_rows_functions("BitmaskInt8", last),
                   .work = {{"rows", outputs},
                            {"bytes of bits", static_cast<double>(bits.size())},
                            {"weights", nonzero}}};
}

}  // namespace pare::mcu
