#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "mcu/encodings/encoding.h"

namespace pare::mcu {

std::optional<LayerCode> encode_dense_float32(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_dense_int8(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_1_bit(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_2_bit(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_4_bit(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_codebook_2(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_codebook_3(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_codebook_4(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_bitmask_int8(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_n_of_4(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_n_of_16(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_delta_4(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_delta_8(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_sparse_int8(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_entropy_int8(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_paired_int8(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_scalar_int8(const nn::Layer& layer, bool last);

std::span<const Encoding> encodings() {
  static constexpr Encoding kEncodings[] = {
      {"dense float32", encode_dense_float32},
      {"paired int8", encode_paired_int8},
      {"scalar int8", encode_scalar_int8},
      {"dense int8", encode_dense_int8},
      {"1-bit", encode_1_bit},
      {"2-bit", encode_2_bit},
      {"4-bit", encode_4_bit},
      {"2-bit codebook", encode_codebook_2},
      {"3-bit codebook", encode_codebook_3},
      {"4-bit codebook", encode_codebook_4},
      {"n:4 int8", encode_n_of_4},
      {"n:16 int8", encode_n_of_16},
      {"bitmask int8", encode_bitmask_int8},
      {"4-bit deltas", encode_delta_4},
      {"8-bit deltas", encode_delta_8},
      {"sparse int8", encode_sparse_int8},
      {"entropy-coded int8", encode_entropy_int8},
  };
  return kEncodings;
}

const Encoding& encoding_named(std::string_view name) {
  const auto all = encodings();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Encoding& e) { return e.name == name; });
  if (found == all.end()) {
    throw std::invalid_argument(fmt::format("there is no encoding '{}'", name));
  }
  return *found;
}

}  // namespace pare::mcu
