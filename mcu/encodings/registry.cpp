#include "mcu/encodings/encoding.h"

namespace pare::mcu {

std::optional<LayerCode> encode_dense_float32(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_dense_int8(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_1_bit(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_2_bit(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_4_bit(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_sparse_int8(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_entropy_int8(const nn::Layer& layer, bool last);
std::optional<LayerCode> encode_paired_int8(const nn::Layer& layer, bool last);

std::span<const Encoding> encodings() {
  static constexpr Encoding kEncodings[] = {
      {"dense float32", encode_dense_float32},
      {"paired int8", encode_paired_int8},
      {"dense int8", encode_dense_int8},
      {"1-bit", encode_1_bit},
      {"2-bit", encode_2_bit},
      {"4-bit", encode_4_bit},
      {"sparse int8", encode_sparse_int8},
      {"entropy-coded int8", encode_entropy_int8},
  };
  return kEncodings;
}

}  // namespace pare::mcu
