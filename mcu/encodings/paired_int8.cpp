#include "mcu/kernel/paired_int8.h"

#include <fmt/format.h>

#include "mcu/encodings/int8_rows.h"
#include "mcu/encodings/uniform_shift.h"
#include "nn/quantization.h"

namespace pare::mcu {
namespace {

/// Above it the sums of two rows do not come apart: half a word's bits, less the 8 of the scale.
constexpr std::int64_t kSumLimit = std::int64_t{1} << 23;

/// How the rows' sums become outputs: with a shift of all rows, or with each row's own.
struct Outputs {
  std::int32_t shift = 0;
  std::vector<std::int32_t> multipliers;
  std::vector<std::uint8_t> row_shifts;
};

bool sums_fit(const nn::Int8Layer& layer) {
  for (nn::Index row = 0; row < layer.weights.rows(); ++row) {
    const nn::AccumulatorRange range = nn::accumulator_range(layer, row);
    if (range.low <= -kSumLimit || range.high >= kSumLimit) return false;
  }
  return true;
}

/// Each row's own shift; nothing where one shifts left, or a ReLU's zero is no end of int8.
std::optional<Outputs> row_outputs(const nn::Int8Layer& layer) {
  if (layer.activation == nn::Activation::relu && layer.output.zero_point != -128) return {};
  Outputs result;
  for (nn::Index row = 0; row < layer.weights.rows(); ++row) {
    const nn::FixedPointMultiplier factor = nn::row_multiplier(layer, row);
    if (factor.multiplier != 0 && factor.shift >= 0) return {};
    result.multipliers.push_back(factor.multiplier);
    // Any shift serves for a multiplier of 0.
    result.row_shifts.push_back(static_cast<std::uint8_t>(std::max(1, -factor.shift)));
  }
  return result;
}

std::optional<Outputs> choose_outputs(const nn::Int8Layer& layer, bool last) {
  if (!last) {
    if (std::optional<UniformShift> uniform = uniform_shift(layer)) {
      return Outputs{uniform->shift, std::move(uniform->multipliers), {}};
    }
  }
  return row_outputs(layer);
}

/// Writes the words of one layer.
class Writer {
 public:
  Writer(const nn::Int8Layer& layer, const Outputs& outputs) : layer_(layer), outputs_(outputs) {}

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
    return static_cast<std::uint32_t>(256 * layer_.weights(row, input) +
                                      layer_.weights(row + 1, input)) &
           0xFFFFU;
  }

  void add(std::uint32_t word) { words_.push_back(static_cast<std::int32_t>(word)); }

  void add_pairs(nn::Index row, nn::Index pairs) {
    const nn::Index inputs = layer_.weights.cols();
    for (nn::Index a = row; a < row + 2 * pairs; a += 2) {
      words_.push_back(
          static_cast<std::int32_t>(std::int64_t{256} * layer_.bias[a] + layer_.bias[a + 1]));
      words_.push_back(layer_.bias[a + 1]);
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
    words_.push_back(layer_.bias[row]);
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
    if (outputs_.shift == 0) add(shifts);
  }

  const nn::Int8Layer& layer_;
  const Outputs& outputs_;
  std::vector<std::int32_t> words_;
};

}  // namespace

std::optional<LayerCode> encode_paired_int8(const nn::Layer& any, bool last) {
  const auto* layer = std::get_if<nn::Int8Layer>(&any);
  if (layer == nullptr || !sums_fit(*layer)) return std::nullopt;
  const std::optional<Outputs> outputs = choose_outputs(*layer, last);
  if (!outputs) return std::nullopt;
  const std::vector<std::int32_t> words = Writer(*layer, *outputs).write();
  PairedInt8Any kernel{nullptr, static_cast<std::int32_t>(layer->weights.cols()),
                       static_cast<std::int32_t>(layer->weights.rows()), outputs->shift,
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
      .cycles_estimate = 1.4 * static_cast<double>(layer->weights.size()) + 12.0 * kernel.outputs,
      .kernel_bytes = 150};
}

}  // namespace pare::mcu
