#include "mcu/kernel/sparse_int8.h"

#include <fmt/format.h>

#include "mcu/encodings/can_pair.h"
#include "mcu/encodings/layer_object.h"
#include "mcu/encodings/row_outputs.h"
#include "nn/quantization.h"

namespace pare::mcu {
namespace {

constexpr std::size_t kGroup = 4;
constexpr nn::Index kLongestDistance = 255;

/// The weights of one row that are stored, and how far each lies behind the one before.
struct Entries {
  std::vector<std::uint8_t> distances;
  std::vector<std::uint8_t> weights;
};

Entries entries_of(const nn::Int8Matrix& weights, nn::Index row) {
  Entries entries;
  const auto add = [&](nn::Index distance, std::int8_t weight) {
    entries.distances.push_back(static_cast<std::uint8_t>(distance));
    entries.weights.push_back(static_cast<std::uint8_t>(weight));
  };
  nn::Index last = 0;
  for (nn::Index column = 0; column < weights.cols(); ++column) {
    if (weights(row, column) == 0) continue;
    for (; column - last > kLongestDistance; last += kLongestDistance) add(kLongestDistance, 0);
    add(column - last, weights(row, column));
    last = column;
  }
  while (entries.weights.size() % kGroup != 0) add(0, 0);
  return entries;
}

std::int32_t word(const std::vector<std::uint8_t>& bytes, std::size_t first) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < kGroup; ++i) word |= std::uint32_t{bytes[first + i]} << (8 * i);
  return static_cast<std::int32_t>(word);
}

std::vector<std::int32_t> words_of(const nn::Int8Layer& layer, const RowOutputs& outputs) {
  std::vector<std::int32_t> words;
  for (nn::Index row = 0; row < layer.weights.rows(); ++row) {
    const Entries entries = entries_of(layer.weights, row);
    const auto index = static_cast<std::size_t>(row);
    words.push_back(static_cast<std::int32_t>(entries.weights.size() / kGroup));
    for (std::size_t i = 0; i < entries.weights.size(); i += kGroup) {
      words.push_back(word(entries.distances, i));
      words.push_back(word(entries.weights, i));
    }
    words.push_back(kSumScale * layer.bias[row] + outputs.fractions[index]);
    words.push_back(outputs.multipliers[index]);
    if (outputs.shift <= 0) words.push_back(outputs.row_shifts[index]);
  }
  return words;
}

}  // namespace

std::optional<LayerCode> encode_sparse_int8(const nn::Layer& any, bool last) {
  const auto* layer = std::get_if<nn::Int8Layer>(&any);
  if (layer == nullptr || !can_pair(*layer)) return std::nullopt;
  const RowOutputs outputs = row_outputs(*layer);
  const std::vector<std::int32_t> words = words_of(*layer, outputs);
  const auto rows = static_cast<std::uint16_t>(layer->weights.rows());
  const LayerObject object = layer_object<SparseInt8, std::int32_t>(
      last, std::tuple(rows, static_cast<std::int8_t>(outputs.shift),
                       static_cast<std::int16_t>(nn::requantized(*layer).zero_point)));
  const int row_words = outputs.shift <= 0 ? 4 : 3;
  const double groups = (static_cast<double>(words.size()) - row_words * rows) / 2;
  return LayerCode{.arrays = {layer_array("words", words)},
                   .header = "sparse_int8.h",
                   .type = "SparseInt8",
                   .constants = object.constants,
                   .run = object.run,
                   .functions = {"own_output",
                                 last ? "SparseInt8, int8 outputs" : "SparseInt8, widened outputs"},
                   .work = {{"uniform rows", outputs.shift > 0 ? rows : 0},
                            {"rows", outputs.shift > 0 ? 0 : rows},
                            {"groups", groups}}};
}

}  // namespace pare::mcu
