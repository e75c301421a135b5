#include "mcu/kernel/sparse_int8.h"

#include <fmt/format.h>

#include "mcu/encodings/compact_rows.h"
#include "mcu/encodings/int8_rows.h"

namespace pare::mcu {
namespace {

constexpr std::size_t kGroup = 4;
constexpr nn::Index kLongestGap = 255;

/// The weights of one row that are not 0, and how far each lies behind the one before.
struct Entries {
  std::vector<std::uint8_t> gaps;
  std::vector<std::uint8_t> weights;
};

Entries entries_of(const nn::Int8Matrix& weights, nn::Index row) {
  Entries entries;
  const auto add = [&](nn::Index gap, std::int8_t weight) {
    entries.gaps.push_back(static_cast<std::uint8_t>(gap));
    entries.weights.push_back(static_cast<std::uint8_t>(weight));
  };
  nn::Index last = 0;
  for (nn::Index column = 0; column < weights.cols(); ++column) {
    if (weights(row, column) == 0) continue;
    for (; column - last > kLongestGap; last += kLongestGap) add(kLongestGap, 0);
    add(column - last, weights(row, column));
    last = column;
  }
  while (entries.gaps.size() % kGroup != 0) add(0, 0);
  return entries;
}

std::int32_t word(const std::vector<std::uint8_t>& bytes, std::size_t first) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < kGroup; ++i) word |= std::uint32_t{bytes[first + i]} << (8 * i);
  return static_cast<std::int32_t>(word);
}

/// The groups of all rows, and how many each row has.
struct Groups {
  std::vector<std::int32_t> words;
  std::vector<std::int8_t> counts;
};

Groups groups_of(const nn::Int8Matrix& weights) {
  Groups groups;
  for (nn::Index row = 0; row < weights.rows(); ++row) {
    const Entries entries = entries_of(weights, row);
    const std::size_t count = entries.gaps.size() / kGroup;
    groups.counts.push_back(static_cast<std::int8_t>(count & 255));
    groups.counts.push_back(static_cast<std::int8_t>(count >> 8));
    for (std::size_t i = 0; i < entries.gaps.size(); i += kGroup) {
      groups.words.push_back(word(entries.gaps, i));
      groups.words.push_back(word(entries.weights, i));
    }
  }
  groups.words.push_back(0);  // the kernel reads one ahead
  return groups;
}

}  // namespace

/// Any int8 layer: even the widest has no more than 16,384 groups a row.
std::optional<LayerCode> encode_sparse_int8(const nn::Layer& any, bool last) {
  const auto* layer = std::get_if<nn::Int8Layer>(&any);
  if (layer == nullptr) return std::nullopt;
  const auto outputs = static_cast<std::uint16_t>(layer->weights.rows());
  const Groups groups = groups_of(layer->weights);
  const CompactRowsCode rows = compact_rows(*layer);
  const auto run = [=](const void* const* at, const void* in, void* out) {
    const SparseInt8 kernel{static_cast<const std::int32_t*>(at[0]),
                            static_cast<const std::int8_t*>(at[1]), rows_at(rows, at[2], at[3]),
                            outputs};
    run_int8(kernel, last, in, out);
  };
  const double count = static_cast<double>(groups.words.size()) / 2;
  return LayerCode{.arrays = {layer_array("groups", groups.words),
                              layer_array("counts", groups.counts), rows.arrays[0], rows.arrays[1]},
                   .header = "sparse_int8.h",
                   .type = "SparseInt8",
                   .constants = fmt::format("{}, {}", rows.constants, outputs),
                   .run = run,
                   .cycles_estimate = 18.5 * count + 40.0 * outputs};
}

}  // namespace pare::mcu
