#include "mcu/kernel/entropy_int8.h"

#include <fmt/format.h>

#include "mcu/encodings/compact_rows.h"
#include "mcu/encodings/entropy_weights.h"
#include "mcu/encodings/layer_object.h"

namespace pare::mcu {

/// Any int8 layer of which at least half the weights are 0: what it would still gain on denser ones
/// is not worth its many cycles.
std::optional<LayerCode> encode_entropy_int8(const nn::Layer& any, bool last) {
  const auto* layer = std::get_if<nn::Int8Layer>(&any);
  if (layer == nullptr) return std::nullopt;
  const nn::Index nonzero = (layer->weights.array() != 0).count();
  if (2 * nonzero > layer->weights.size()) return std::nullopt;
  const auto inputs = static_cast<std::uint16_t>(layer->weights.cols());
  const auto outputs = static_cast<std::uint16_t>(layer->weights.rows());
  const EntropyWeights weights = entropy_encode(layer->weights);
  const CompactRowsCode rows = compact_rows(*layer);
  const LayerObject object =
      layer_object<EntropyInt8, std::int8_t, std::int32_t, std::int32_t, std::int8_t, std::int8_t,
                   std::int8_t>(last, std::tuple_cat(rows.constants, std::tuple(inputs, outputs)));
  return LayerCode{
      .arrays = {layer_array("stream", weights.stream), layer_array("gap_code", weights.gap_code),
                 layer_array("value_code", weights.value_code),
                 layer_array("values", weights.values), rows.arrays[0], rows.arrays[1]},
      .header = "entropy_int8.h",
      .type = "EntropyInt8",
      .constants = object.constants,
      .run = object.run,
      .functions = compact_rows_functions("EntropyInt8", last),
      .work = {{"rows", outputs}, {"weights", static_cast<double>(nonzero)}}};
}

}  // namespace pare::mcu
