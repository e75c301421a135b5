#include "mcu/kernel/dense_int8.h"

#include <fmt/format.h>

#include "mcu/encodings/can_pair.h"
#include "mcu/encodings/int8_rows.h"

namespace pare::mcu {

/// What cannot be paired, which is faster: nn::check has proven that no accumulator overflows.
std::optional<LayerCode> encode_dense_int8(const nn::Layer& any, bool last) {
  const auto* layer = std::get_if<nn::Int8Layer>(&any);
  if (layer == nullptr || can_pair(*layer)) return std::nullopt;
  const auto inputs = static_cast<std::uint16_t>(layer->weights.cols());
  const auto outputs = static_cast<std::uint16_t>(layer->weights.rows());
  const Int8Rows rows = int8_rows(*layer);
  LayerCode code{.arrays = {layer_array("weights", layer->weights.data(), layer->weights.size())},
                 .header = "dense_int8.h",
                 .type = "DenseInt8",
                 .constants = fmt::format("{}, {}, {}", constants(rows), inputs, outputs),
                 .run =
                     [=](const void* const* at, const void* in, void* out) {
                       const DenseInt8 kernel{static_cast<const std::int8_t*>(at[0]),
                                              static_cast<const std::int32_t*>(at[1]),
                                              requantization(rows, at[2], at[3]), inputs, outputs};
                       run_int8(kernel, last, in, out);
                     },
                 .functions = {last ? "DenseInt8, int8 outputs" : "DenseInt8, widened outputs"},
                 .work = {{"rows", outputs},
                          {"four inputs", inputs / 4 * outputs},
                          {"single inputs", inputs % 4 * outputs}}};
  for (LayerArray& array : arrays(rows)) code.arrays.push_back(std::move(array));
  return code;
}

}  // namespace pare::mcu
