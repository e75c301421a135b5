#include "mcu/kernel/n_of_m_int8.h"

#include <fmt/format.h>

#include <algorithm>

#include "mcu/encodings/compact_rows.h"
#include "mcu/encodings/layer_object.h"

namespace pare::mcu {
namespace {

nn::Index nonzero_in(const nn::Int8Matrix& weights, nn::Index row, nn::Index first, nn::Index m) {
  const nn::Index count = std::min(m, weights.cols() - first);
  return (weights.row(row).segment(first, count).array() != 0).count();
}

/// The most weights of one group of `m` that are not 0.
nn::Index most_in_a_group(const nn::Int8Matrix& weights, nn::Index m) {
  nn::Index most = 0;
  for (nn::Index row = 0; row < weights.rows(); ++row) {
    for (nn::Index first = 0; first < weights.cols(); first += m) {
      most = std::max(most, nonzero_in(weights, row, first, m));
    }
  }
  return most;
}

/// The stored weights, and their places.
class Groups {
 public:
  Groups(const nn::Int8Matrix& all, nn::Index n, int bits) : bits_(bits) {
    for (nn::Index row = 0; row < all.rows(); ++row) {
      for (nn::Index first = 0; first < all.cols(); first += nn::Index{1} << bits) {
        add_group(all, row, first, n);
      }
    }
  }

  const std::vector<std::int8_t>& weights() const { return weights_; }
  const std::vector<std::int8_t>& places() const { return places_; }

 private:
  void add_group(const nn::Int8Matrix& all, nn::Index row, nn::Index first, nn::Index n) {
    for (nn::Index i = 0; i < nn::Index{1} << bits_ && first + i < all.cols(); ++i) {
      if (all(row, first + i) == 0) continue;
      add(all(row, first + i), i);
      --n;
    }
    for (; n > 0; --n) add(0, 0);
  }

  void add(std::int8_t weight, nn::Index place) {
    const int shift = static_cast<int>(weights_.size()) * bits_ % 8;
    if (shift == 0) places_.push_back(0);
    places_.back() = static_cast<std::int8_t>(places_.back() | place << shift);
    weights_.push_back(weight);
  }

  int bits_;
  std::vector<std::int8_t> weights_;
  std::vector<std::int8_t> places_;
};

/// Layers of which no group of 2^kBits weights is full.
template <int kBits>
std::optional<LayerCode> encode(const nn::Layer& any, bool last) {
  constexpr nn::Index kM = nn::Index{1} << kBits;
  const auto* layer = std::get_if<nn::Int8Layer>(&any);
  if (layer == nullptr) return std::nullopt;
  const nn::Index n = most_in_a_group(layer->weights, kM);
  if (n == 0 || n == kM) return std::nullopt;
  const Groups stored(layer->weights, n, kBits);
  const CompactRowsCode rows = compact_rows(*layer);
  const auto groups = static_cast<std::uint16_t>((layer->weights.cols() + kM - 1) / kM);
  const auto outputs = static_cast<std::uint16_t>(layer->weights.rows());
  const LayerObject object =
      layer_object<NOfMInt8<kBits>, std::int8_t, std::int8_t, std::int8_t, std::int8_t>(
          last, std::tuple_cat(rows.constants,
                               std::tuple(groups, outputs, static_cast<std::uint8_t>(n))));
  return LayerCode{
      .arrays = {layer_array("weights", stored.weights()), layer_array("places", stored.places()),
                 rows.arrays[0], rows.arrays[1]},
      .header = "n_of_m_int8.h",
      .type = fmt::format("NOfMInt8<{}>", kBits),
      .constants = object.constants,
      .run = object.run,
      .functions = compact_rows_functions(fmt::format("NOfMInt8<{}>", kBits), last),
      .work = {{"rows", outputs},
               {"groups", groups * outputs},
               {"weights", static_cast<double>(stored.weights().size())}}};
}

}  // namespace

std::optional<LayerCode> encode_n_of_4(const nn::Layer& layer, bool last) {
  return encode<2>(layer, last);
}
std::optional<LayerCode> encode_n_of_16(const nn::Layer& layer, bool last) {
  return encode<4>(layer, last);
}

}  // namespace pare::mcu
