#include "mcu/kernel/paired_int8.h"

#include <fmt/format.h>

#include <algorithm>

#include "mcu/encodings/can_pair.h"
#include "mcu/encodings/int8_rows.h"
#include "mcu/encodings/row_outputs.h"
#include "nn/quantization.h"

namespace pare::mcu {
namespace {

/// Writes the words of one layer.
class Writer {
 public:
  Writer(const nn::Int8Layer& layer, const RowOutputs& outputs)
      : layer_(layer), outputs_(outputs) {}

  std::vector<std::int32_t> write() {
    const nn::Index rows = layer_.weights.rows();
    nn::Index row = 0;
    for (; row + 4 <= rows; row += 4) add_pairs(row, 2);
    for (; row + 2 <= rows; row += 2) add_pairs(row, 1);
    if (row < rows) add_single(row);
    return std::move(words_);
  }

 private:
  /// Of the rows `row` and `row` + 1; one input's half of a word.
  std::uint32_t half(nn::Index row, nn::Index input) const {
    return static_cast<std::uint32_t>(kSumScale * layer_.weights(row, input) +
                                      layer_.weights(row + 1, input)) &
           0xFFFFU;
  }

  std::int32_t scaled_bias(nn::Index row) const {
    return kSumScale * layer_.bias[row] + outputs_.fractions[static_cast<std::size_t>(row)];
  }

  void add(std::uint32_t word) { words_.push_back(static_cast<std::int32_t>(word)); }

  void add_pairs(nn::Index row, nn::Index pairs) {
    const nn::Index inputs = layer_.weights.cols();
    for (nn::Index a = row; a < row + 2 * pairs; a += 2) {
      // Any sum of a pair may wrap.
      add(static_cast<std::uint32_t>(scaled_bias(a)) +
          static_cast<std::uint32_t>(scaled_bias(a + 1) >> 8));
      words_.push_back(scaled_bias(a + 1));
    }
    for (nn::Index i = 0; i + 2 <= inputs; i += 2) {
      for (nn::Index a = row; a < row + 2 * pairs; a += 2) {
        add(half(a, i) | half(a, i + 1) << 16);
      }
    }
    if (inputs % 2 != 0) {
      add(half(row, inputs - 1) | (pairs == 2 ? half(row + 2, inputs - 1) << 16 : 0));
    }
    add_outputs(row, 2 * pairs);
  }

  void add_single(nn::Index row) {
    words_.push_back(scaled_bias(row));
    for (nn::Index i = 0; i < layer_.weights.cols(); i += 4) {
      std::uint32_t word = 0;
      for (nn::Index k = 0; k < 4 && i + k < layer_.weights.cols(); ++k) {
        const nn::Index byte = k == 1 ? 2 : k == 2 ? 1 : k;
        word |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(layer_.weights(row, i + k)))
                << (8 * byte);
      }
      add(word);
    }
    add_outputs(row, 1);
  }

  void add_outputs(nn::Index row, nn::Index count) {
    std::uint32_t shifts = 0;
    for (nn::Index i = 0; i < count; ++i) {
      words_.push_back(outputs_.multipliers[static_cast<std::size_t>(row + i)]);
      if (outputs_.shift > 0) continue;
      shifts |= std::uint32_t{outputs_.row_shifts[static_cast<std::size_t>(row + i)]} << (8 * i);
    }
    if (outputs_.shift <= 0) add(shifts);
  }

  const nn::Int8Layer& layer_;
  const RowOutputs& outputs_;
  std::vector<std::int32_t> words_;
};

/// One of these, `outputs` of it: how sums become outputs takes different code and cycles.
void add_outputs(std::vector<Count>& counts, const PairedInt8Any& kernel, int outputs,
                 std::string_view suffix = "") {
  const auto add = [&](std::string_view kind, bool is) {
    counts.emplace_back(fmt::format("{}{}", kind, suffix), is ? outputs : 0);
  };
  add("uniform outputs", kernel.shift > 0);
  add("outputs rounded twice", kernel.shift == kRoundedTwice);
  add("outputs rounded once", kernel.shift == kRoundedOnce);
}

/// The kernel's function is made for the shape: of its parts for four, two and one rows those that
/// the shape needs.
std::vector<Count> code(const PairedInt8Any& kernel, bool last) {
  const int turns = kernel.inputs / 4;
  const int unroll = unrolled(kernel.inputs, kernel.outputs);
  const bool four = kernel.outputs >= 4;
  const bool two = kernel.outputs % 4 >= 2;
  const bool one = kernel.outputs % 2 != 0;
  std::vector<Count> counts{
      {"four rows", four},
      {"loop over four rows", kernel.outputs >= 8},
      {"four rows: any four inputs", four && turns > 0},
      {"four rows: four inputs", four ? std::min(turns, unroll) : 0},
      {"four rows: loop", four && turns > unroll},
      {"four rows: entry into the loop", four && turns > unroll && turns % unroll != 0},
      {"four rows: two inputs", four && kernel.inputs % 4 >= 2},
      {"four rows: last input", four && kernel.inputs % 2 != 0},
      {"two rows", two},
      {"two rows: two inputs", two && kernel.inputs >= 2},
      {"two rows: loop", two && kernel.inputs >= 4},
      {"two rows: last input", two && kernel.inputs % 2 != 0},
      {"one row", one},
      {"one row: four inputs", one && kernel.inputs >= 4},
      {"one row: loop", one && kernel.inputs >= 8},
      {"one row: two inputs", one && kernel.inputs % 4 >= 2},
      {"one row: last input", one && kernel.inputs % 2 != 0}};
  const int sites = 4 * four + 2 * two + one;
  add_outputs(counts, kernel, last ? 0 : sites);
  add_outputs(counts, kernel, last ? sites : 0, ", last");
  return counts;
}

std::vector<Count> work(const PairedInt8Any& kernel) {
  const int turns = kernel.inputs / 4;
  const int unroll = unrolled(kernel.inputs, kernel.outputs);
  const int fours = kernel.outputs / 4;
  const int two = kernel.outputs / 2 % 2;
  const int one = kernel.outputs % 2;
  std::vector<Count> counts{{"four rows", fours},
                            {"four rows: any four inputs", turns > 0 ? fours : 0},
                            {"four rows: four inputs", fours * turns},
                            {"four rows: turns of the loop",
                             turns > unroll ? fours * ((turns + unroll - 1) / unroll) : 0},
                            {"four rows: two inputs", fours * (kernel.inputs / 2 % 2)},
                            {"four rows: last input", fours * (kernel.inputs % 2)},
                            {"two rows", two},
                            {"two rows: two inputs", two * (kernel.inputs / 2)},
                            {"two rows: loop", two && kernel.inputs >= 4},
                            {"two rows: last input", two * (kernel.inputs % 2)},
                            {"one row", one},
                            {"one row: four inputs", one * turns},
                            {"one row: loop", one && kernel.inputs >= 8},
                            {"one row: two inputs", one * (kernel.inputs / 2 % 2)},
                            {"one row: last input", one * (kernel.inputs % 2)}};
  add_outputs(counts, kernel, kernel.outputs);
  return counts;
}

}  // namespace

bool can_pair(const nn::Int8Layer& layer) {
  if (layer.activation == nn::Activation::relu && layer.output.zero_point != -128) return false;
  for (nn::Index row = 0; row < layer.weights.rows(); ++row) {
    const nn::AccumulatorRange range = nn::accumulator_range(layer, row);
    const nn::FixedPointMultiplier factor = nn::row_multiplier(layer, row);
    if (range.low <= -nn::kShortSum || range.high >= nn::kShortSum) return false;
    if (factor.multiplier != 0 && factor.shift >= 0) return false;
  }
  return true;
}

std::optional<LayerCode> encode_paired_int8(const nn::Layer& any, bool last) {
  const auto* layer = std::get_if<nn::Int8Layer>(&any);
  if (layer == nullptr || !can_pair(*layer)) return std::nullopt;
  const RowOutputs outputs = row_outputs(*layer);
  const std::vector<std::int32_t> words = Writer(*layer, outputs).write();
  PairedInt8Any kernel{nullptr, static_cast<std::int32_t>(layer->weights.cols()),
                       static_cast<std::int32_t>(layer->weights.rows()), outputs.shift,
                       nn::requantized(*layer).zero_point};
  return LayerCode{
      .arrays = {layer_array("words", words.data(), static_cast<nn::Index>(words.size()))},
      .header = "paired_int8.h",
      .type = fmt::format("PairedInt8<{}, {}, {}, {}>", kernel.inputs, kernel.outputs, kernel.shift,
                          kernel.zero_point),
      .constants = "",
      .run =
          [=](const void* const* at, const void* in, void* out) mutable {
            kernel.words = static_cast<const std::int32_t*>(at[0]);
            run_int8(kernel, last, in, out);
          },
      .functions = {},
      .code = code(kernel, last),
      .work = work(kernel)};
}

}  // namespace pare::mcu
