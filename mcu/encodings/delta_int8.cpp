#include "mcu/kernel/delta_int8.h"

#include <fmt/format.h>

#include "mcu/encodings/compact_rows.h"
#include "mcu/encodings/layer_object.h"

namespace pare::mcu {
namespace {

/// The weights that are not 0, and the ways to them and to the end.
struct Deltas {
  std::vector<std::int8_t> distances;  ///< packed
  std::vector<std::int8_t> weights;
};

class DeltaWriter {
 public:
  explicit DeltaWriter(int bits) : bits_(bits) {}

  void add(std::int64_t distance) {
    const std::int64_t longest = (std::int64_t{1} << bits_) - 1;
    for (; distance > longest; distance -= longest) add_field(0);
    add_field(distance);
  }

  std::vector<std::int8_t> packed() const { return packed_; }

 private:
  void add_field(std::int64_t field) {
    if (place_ == 0) packed_.push_back(0);
    packed_.back() = static_cast<std::int8_t>(packed_.back() | field << place_);
    place_ = (place_ + bits_) % 8;
  }

  int bits_;
  int place_ = 0;  // of the next field in its byte
  std::vector<std::int8_t> packed_;
};

Deltas deltas_of(const nn::Int8Matrix& weights, int bits) {
  Deltas deltas;
  DeltaWriter writer(bits);
  std::int64_t last = -1;
  for (std::int64_t i = 0; i < weights.size(); ++i) {
    if (weights.data()[i] == 0) continue;
    writer.add(i - last);
    deltas.weights.push_back(weights.data()[i]);
    last = i;
  }
  writer.add(weights.size() - last);
  deltas.distances = writer.packed();
  if (deltas.weights.empty()) deltas.weights.push_back(0);  // an array has at least one element
  return deltas;
}

/// Any int8 layer.
template <int kBits>
std::optional<LayerCode> encode(const nn::Layer& any, bool last) {
  const auto* layer = std::get_if<nn::Int8Layer>(&any);
  if (layer == nullptr) return std::nullopt;
  const Deltas deltas = deltas_of(layer->weights, kBits);
  const CompactRowsCode rows = compact_rows(*layer);
  const auto inputs = static_cast<std::uint16_t>(layer->weights.cols());
  const auto outputs = static_cast<std::uint16_t>(layer->weights.rows());
  const double fields = static_cast<double>(deltas.distances.size()) * 8 / kBits;
  const LayerObject object =
      layer_object<DeltaInt8<kBits>, std::int8_t, std::int8_t, std::int8_t, std::int8_t>(
          last, std::tuple_cat(rows.constants, std::tuple(inputs, outputs)));
  return LayerCode{
      .arrays = {layer_array("distances", deltas.distances), layer_array("weights", deltas.weights),
                 rows.arrays[0], rows.arrays[1]},
      .header = "delta_int8.h",
      .type = fmt::format("DeltaInt8<{}>", kBits),
      .constants = object.constants,
      .run = object.run,
      .functions = compact_rows_functions(fmt::format("DeltaInt8<{}>", kBits), last),
      .work = {{"rows", outputs},
               {"distances", fields},
               {"weights", static_cast<double>(deltas.weights.size())}}};
}

}  // namespace

std::optional<LayerCode> encode_delta_4(const nn::Layer& layer, bool last) {
  return encode<4>(layer, last);
}
std::optional<LayerCode> encode_delta_8(const nn::Layer& layer, bool last) {
  return encode<8>(layer, last);
}

}  // namespace pare::mcu
