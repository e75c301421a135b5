#include "mcu/encode.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <stdexcept>

#include "nn/activation.h"
#include "nn/forward.h"
#include "nn/quantization.h"

namespace pare::mcu {
namespace {

constexpr nn::Index kWidest = 65535;

/// An array before it has a place.
struct PendingArray {
  EncodedArray array;
  std::vector<std::uint8_t> bytes;
};

/// Collects the arrays of all layers.
class Encoder {
 public:
  template <class T>
  std::size_t add(std::string name, ElementType type, const T* values, nn::Index count) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(values);
    const auto elements = static_cast<std::size_t>(count);
    pending_.push_back(
        {{std::move(name), type, 0, elements}, {first, first + elements * sizeof(T)}});
    return pending_.size() - 1;
  }

  /// Lays the arrays out, four-byte elements before single bytes, so that there are no gaps; the
  /// indices that `add` gave stay those of `model.arrays`.
  void place(EncodedModel& model) {
    for (const std::size_t size : {std::size_t{4}, std::size_t{1}}) {
      for (PendingArray& pending : pending_) {
        if (element_bytes(pending.array.type) != size) continue;
        pending.array.offset = model.bytes.size();
        model.bytes.insert(model.bytes.end(), pending.bytes.begin(), pending.bytes.end());
      }
    }
    for (PendingArray& pending : pending_) model.arrays.push_back(std::move(pending.array));
  }

 private:
  std::vector<PendingArray> pending_;
};

std::string array_name(std::size_t layer, std::string_view what) {
  return fmt::format("layer{}_{}", layer, what);
}

EncodedLayer encode(std::size_t index, const nn::DenseLayer& layer, Encoder& encoder) {
  return {.encoding = "dense float32",
          .inputs = layer.weights.cols(),
          .outputs = layer.weights.rows(),
          .activation = layer.activation,
          .output = {},
          .requantized_zero_point = 0,
          .weights = encoder.add(array_name(index, "weights"), ElementType::float32,
                                 layer.weights.data(), layer.weights.size()),
          .bias = encoder.add(array_name(index, "bias"), ElementType::float32, layer.bias.data(),
                              layer.bias.size()),
          .multipliers = 0,
          .shifts = 0,
          .table = 0};
}

std::size_t add_table(std::size_t index, const nn::Int8Layer& layer, Encoder& encoder) {
  const auto table = nn::make_table(layer.activation, layer.pre_activation);
  return encoder.add(array_name(index, "table"), ElementType::int8, table.data(),
                     static_cast<nn::Index>(table.size()));
}

EncodedLayer encode(std::size_t index, const nn::Int8Layer& layer, Encoder& encoder) {
  const nn::Int32Vector sums = layer.weights.cast<std::int32_t>().rowwise().sum();
  const nn::Int32Vector bias = layer.bias - layer.input.zero_point * sums;
  std::vector<std::int32_t> multipliers;
  std::vector<std::int8_t> shifts;
  for (nn::Index row = 0; row < layer.weights.rows(); ++row) {
    const nn::FixedPointMultiplier factor = nn::row_multiplier(layer, row);
    multipliers.push_back(factor.multiplier);
    shifts.push_back(static_cast<std::int8_t>(factor.shift));
  }
  return {
      .encoding = "dense int8",
      .inputs = layer.weights.cols(),
      .outputs = layer.weights.rows(),
      .activation = layer.activation,
      .output = layer.output,
      .requantized_zero_point = nn::requantized(layer).zero_point,
      .weights = encoder.add(array_name(index, "weights"), ElementType::int8, layer.weights.data(),
                             layer.weights.size()),
      .bias = encoder.add(array_name(index, "bias"), ElementType::int32, bias.data(), bias.size()),
      .multipliers = encoder.add(array_name(index, "multipliers"), ElementType::int32,
                                 multipliers.data(), layer.weights.rows()),
      .shifts = encoder.add(array_name(index, "shifts"), ElementType::int8, shifts.data(),
                            layer.weights.rows()),
      .table = nn::has_table(layer.activation) ? add_table(index, layer, encoder) : 0};
}

}  // namespace

std::size_t element_bytes(ElementType type) { return type == ElementType::int8 ? 1 : 4; }

EncodedModel encode(const nn::Model& model) {
  nn::check(model);
  EncodedModel result{nn::arithmetic(model), {}, {}, {}, {}, arena_size(model)};
  if (result.arithmetic == nn::Arithmetic::int8) result.input = nn::input_quantization(model);
  Encoder encoder;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const nn::Layer& layer = model.layers[i];
    if (std::max(nn::input_count(layer), nn::output_count(layer)) > kWidest) {
      throw std::invalid_argument(fmt::format("layer {} is wider than {}", i, kWidest));
    }
    result.layers.push_back(
        std::visit([&](const auto& l) { return encode(i, l, encoder); }, layer));
  }
  encoder.place(result);
  return result;
}

nn::Index arena_size(const nn::Model& model) {
  nn::Index size = 0;
  nn::Index before = 0;
  for (std::size_t i = 0; i + 1 < model.layers.size(); ++i) {
    const nn::Index here = nn::output_count(model.layers[i]);
    size = std::max(size, before + here);
    before = here;
  }
  return size;
}

std::uint32_t hash(const EncodedModel& model) {
  return static_cast<std::uint32_t>(crc32_z(0, model.bytes.data(), model.bytes.size()));
}

nn::Index input_count(const EncodedModel& model) { return model.layers.front().inputs; }

nn::Index output_count(const EncodedModel& model) { return model.layers.back().outputs; }

bool has_table_activation(const EncodedModel& model) {
  return std::any_of(model.layers.begin(), model.layers.end(),
                     [](const EncodedLayer& layer) { return nn::has_table(layer.activation); });
}

std::size_t value_bytes(const EncodedModel& model) {
  return model.arithmetic == nn::Arithmetic::int8 ? 1 : 4;
}

}  // namespace pare::mcu
