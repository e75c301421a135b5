#include "mcu/kernel/codebook_int8.h"

#include <fmt/format.h>

#include <algorithm>

#include "mcu/encodings/compact_rows.h"
#include "mcu/encodings/int8_rows.h"

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
  CodebookInt8<kBits> kernel{nullptr, nullptr, rows.rows,
                             static_cast<std::uint16_t>(layer->weights.cols()),
                             static_cast<std::uint16_t>(layer->weights.rows())};
  return LayerCode{
      .arrays = {layer_array("words", words_of(layer->weights, values, kBits)),
                 layer_array("values", values), rows.arrays[0], rows.arrays[1]},
      .header = "codebook_int8.h",
      .type = fmt::format("CodebookInt8<{}>", kBits),
      .constants = fmt::format("{}, {}, {}", rows.constants, kernel.inputs, kernel.outputs),
      .run =
          [=](const void* const* at, const void* in, void* out) mutable {
            kernel.words = static_cast<const std::int32_t*>(at[0]);
            kernel.values = static_cast<const std::int8_t*>(at[1]);
            kernel.rows = rows_at(rows, at[2], at[3]);
            run_int8(kernel, last, in, out);
          },
      .functions = compact_rows_functions(fmt::format("CodebookInt8<{}>", kBits), last),
      .work = {{"rows", kernel.outputs},
               {"whole words", kernel.inputs / (32 / kBits) * kernel.outputs},
               {"rows' ends", kernel.inputs % (32 / kBits) != 0 ? kernel.outputs : 0},
               {"weights at rows' ends", kernel.inputs % (32 / kBits) * kernel.outputs}}};
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
