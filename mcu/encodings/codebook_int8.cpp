#include "mcu/kernel/codebook_int8.h"

#include <fmt/format.h>

#include <algorithm>

#include "mcu/encodings/compact_rows.h"
#include "mcu/encodings/layer_object.h"

namespace pare::mcu {
namespace {

/// In ascending order.
std::vector<std::int8_t> distinct(const nn::Int8Matrix& weights) {
  std::vector<bool> seen(256, false);
  for (const std::int8_t weight : weights.reshaped())
    seen[static_cast<std::size_t>(weight + 128)] = true;
  std::vector<std::int8_t> values;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i]) values.push_back(static_cast<std::int8_t>(static_cast<int>(i) - 128));
  }
  return values;
}

std::vector<std::int32_t> words_of(const nn::Int8Matrix& weights,
                                   const std::vector<std::int8_t>& values, int bits) {
  std::vector<std::int32_t> words;
  for (nn::Index row = 0; row < weights.rows(); ++row) {
    for (nn::Index first = 0; first < weights.cols(); first += 32 / bits) {
      std::uint32_t word = 0;
      for (nn::Index i = 0; i < 32 / bits && first + i < weights.cols(); ++i) {
        const auto found = std::lower_bound(values.begin(), values.end(), weights(row, first + i));
        word |= static_cast<std::uint32_t>(found - values.begin()) << (bits * i);
      }
      words.push_back(static_cast<std::int32_t>(word));
    }
  }
  return words;
}

/// Layers with at most 2^kBits distinct weights.
template <int kBits>
std::optional<LayerCode> encode(const nn::Layer& any, bool last) {
  const auto* layer = std::get_if<nn::Int8Layer>(&any);
  if (layer == nullptr) return std::nullopt;
  const std::vector<std::int8_t> values = distinct(layer->weights);
  if (values.size() > std::size_t{1} << kBits) return std::nullopt;
  const CompactRowsCode rows = compact_rows(*layer);
  const auto inputs = static_cast<std::uint16_t>(layer->weights.cols());
  const auto outputs = static_cast<std::uint16_t>(layer->weights.rows());
  const LayerObject object =
      layer_object<CodebookInt8<kBits>, std::int32_t, std::int8_t, std::int8_t, std::int8_t>(
          last, std::tuple_cat(rows.constants, std::tuple(inputs, outputs)));
  return LayerCode{
      .arrays = {layer_array("words", words_of(layer->weights, values, kBits)),
                 layer_array("values", values), rows.arrays[0], rows.arrays[1]},
      .header = "codebook_int8.h",
      .type = fmt::format("CodebookInt8<{}>", kBits),
      .constants = object.constants,
      .run = object.run,
      .functions = compact_rows_functions(fmt::format("CodebookInt8<{}>", kBits), last),
      .work = {{"rows", outputs},
               {"whole words", inputs / (32 / kBits) * outputs},
               {"rows' ends", inputs % (32 / kBits) != 0 ? outputs : 0},
               {"weights at rows' ends", inputs % (32 / kBits) * outputs}}};
}

}  // namespace

std::optional<LayerCode> encode_codebook_2(const nn::Layer& layer, bool last) {
  return encode<2>(layer, last);
}
std::optional<LayerCode> encode_codebook_3(const nn::Layer& layer, bool last) {
  return encode<3>(layer, last);
}
std::optional<LayerCode> encode_codebook_4(const nn::Layer& layer, bool last) {
  return encode<4>(layer, last);
}

}  // namespace pare::mcu
