#include "mcu/kernel/narrow_int8.h"

#include <fmt/format.h>

#include <numeric>

#include "mcu/encodings/compact_rows.h"
#include "mcu/encodings/layer_object.h"

namespace pare::mcu {
namespace {

/// Weights as step * u + least, with u from 0 on.
struct Grid {
  int least;
  int step;
  int largest_u;
};

/// The coarsest grid on which all weights lie.
Grid grid_of(const nn::Int8Matrix& weights) {
  const int least = weights.minCoeff();
  int step = 0;
  for (const std::int8_t weight : weights.reshaped()) step = std::gcd(step, weight - least);
  return {least, step, step == 0 ? 0 : (weights.maxCoeff() - least) / step};
}

std::int32_t word_of(const nn::Int8Matrix& weights, const Grid& grid, int bits, nn::Index row,
                     nn::Index first) {
  std::uint32_t word = 0;
  for (nn::Index i = 0; i < 32 / bits && first + i < weights.cols(); ++i) {
    const int above = weights(row, first + i) - grid.least;
    const std::uint32_t u = grid.step == 0 ? 0 : static_cast<std::uint32_t>(above / grid.step);
    word |= u << ((i % 2) * 16 + (i / 2) * bits);
  }
  return static_cast<std::int32_t>(word);
}

std::vector<std::int32_t> words_of(const nn::Int8Matrix& weights, const Grid& grid, int bits) {
  std::vector<std::int32_t> words;
  for (nn::Index row = 0; row < weights.rows(); row += 2) {
    for (nn::Index first = 0; first < weights.cols(); first += 32 / bits) {
      words.push_back(word_of(weights, grid, bits, row, first));
      if (row + 1 < weights.rows()) words.push_back(word_of(weights, grid, bits, row + 1, first));
    }
  }
  return words;
}

/// The inner loop's turns do a word of each of two rows; what is left of a row, and a last odd row,
/// goes weight by weight.
std::vector<Count> work(int bits, nn::Index inputs, nn::Index outputs) {
  const nn::Index whole = inputs / (32 / bits);
  const nn::Index rest = inputs % (32 / bits);
  const nn::Index pairs = outputs / 2;
  const nn::Index odd = outputs % 2;
  return {{"inputs", static_cast<double>(inputs)},
          {"rows", static_cast<double>(outputs)},
          {"pairs of words", static_cast<double>(whole * pairs)},
          {"single words", static_cast<double>((rest != 0 ? 2 * pairs + odd : 0) + odd * whole)},
          {"single weights", static_cast<double>(2 * pairs * rest + odd * inputs)}};
}

/// Layers whose weights lie on a grid of 2^kBits steps. Two halves of a word are multiplied at
/// once.
template <int kBits>
std::optional<LayerCode> encode(const nn::Layer& any, bool last) {
  const auto* layer = std::get_if<nn::Int8Layer>(&any);
  if (layer == nullptr) return std::nullopt;
  const Grid grid = grid_of(layer->weights);
  if (grid.largest_u >= 1 << kBits) return std::nullopt;
  const CompactRowsCode rows = compact_rows(*layer);
  const auto inputs = static_cast<std::uint16_t>(layer->weights.cols());
  const auto outputs = static_cast<std::uint16_t>(layer->weights.rows());
  const LayerObject object =
      layer_object<NarrowInt8<kBits>, std::int32_t, std::int8_t, std::int8_t>(
          last, std::tuple_cat(rows.constants,
                               std::tuple(inputs, outputs, static_cast<std::int16_t>(grid.step),
                                          static_cast<std::int16_t>(grid.least))));
  return LayerCode{.arrays = {layer_array("words", words_of(layer->weights, grid, kBits)),
                              rows.arrays[0], rows.arrays[1]},
                   .header = "narrow_int8.h",
                   .type = fmt::format("NarrowInt8<{}>", kBits),
                   .constants = object.constants,
                   .run = object.run,
                   .functions = compact_rows_functions(fmt::format("NarrowInt8<{}>", kBits), last),
                   .work = work(kBits, inputs, outputs)};
}

}  // namespace

std::optional<LayerCode> encode_1_bit(const nn::Layer& layer, bool last) {
  return encode<1>(layer, last);
}
std::optional<LayerCode> encode_2_bit(const nn::Layer& layer, bool last) {
  return encode<2>(layer, last);
}
std::optional<LayerCode> encode_4_bit(const nn::Layer& layer, bool last) {
  return encode<4>(layer, last);
}

}  // namespace pare::mcu
