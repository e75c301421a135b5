#include "mcu/kernel/dense_int8.h"

#include "mcu/encodings/can_pair.h"
#include "mcu/encodings/layer_object.h"

namespace pare::mcu {

/// What cannot be paired, which is faster: nn::check has proven that no accumulator overflows.
std::optional<LayerCode> encode_dense_int8(const nn::Layer& any, bool last) {
  const auto* layer = std::get_if<nn::Int8Layer>(&any);
  if (layer == nullptr || can_pair(*layer)) return std::nullopt;
  const auto inputs = static_cast<std::uint16_t>(layer->weights.cols());
  const auto outputs = static_cast<std::uint16_t>(layer->weights.rows());
  const Int8Rows rows = int8_rows(*layer);
  const LayerObject object =
      layer_object<DenseInt8, std::int8_t, std::int32_t, std::int32_t, std::int8_t>(
          last, std::tuple_cat(constants(rows), std::tuple(inputs, outputs)));
  LayerCode code{.arrays = {layer_array("weights", layer->weights.data(), layer->weights.size())},
                 .header = "dense_int8.h",
                 .type = "DenseInt8",
                 .constants = object.constants,
                 .run = object.run,
                 .functions = {last ? "DenseInt8, int8 outputs" : "DenseInt8, widened outputs"},
                 .work = {{"rows", outputs},
                          {"four inputs", inputs / 4 * outputs},
                          {"single inputs", inputs % 4 * outputs}}};
  for (LayerArray& array : arrays(rows)) code.arrays.push_back(std::move(array));
  return code;
}

}  // namespace pare::mcu
