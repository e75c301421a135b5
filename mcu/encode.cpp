#include "mcu/encode.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <stdexcept>
#include <utility>

#include "nn/activation.h"
#include "nn/forward.h"
#include "nn/quantization.h"

namespace pare::mcu {
namespace {

using Layers = std::vector<std::vector<Candidate>>;

std::string names(std::span<const Encoding> encodings) {
  std::vector<std::string_view> names;
  for (const Encoding& encoding : encodings) names.push_back(encoding.name);
  return fmt::format("{}", fmt::join(names, " or "));
}

/// Collects the arrays of all layers.
class Encoder {
 public:
  std::size_t add(std::size_t layer, LayerArray array) {
    array.name = fmt::format("layer{}_{}", layer, array.name);
    pending_.push_back(std::move(array));
    return pending_.size() - 1;
  }

  /// Lays the arrays out, those of large elements first, so that there are no gaps; the indices
  /// that `add` gave become those of `model.arrays`.
  void place(EncodedModel& model) {
    model.arrays.resize(pending_.size());
    for (const std::size_t size : {std::size_t{4}, std::size_t{2}, std::size_t{1}}) {
      for (std::size_t i = 0; i < pending_.size(); ++i) {
        LayerArray& array = pending_[i];
        if (element_bytes(array.type) != size) continue;
        model.arrays[i] = {std::move(array.name), array.type, model.bytes.size(),
                           array.bytes.size() / size};
        model.bytes.insert(model.bytes.end(), array.bytes.begin(), array.bytes.end());
      }
    }
  }

 private:
  std::vector<LayerArray> pending_;
};

/// All ways among these to store a layer.
std::vector<Candidate> candidates_of(const nn::Model& model, std::size_t index,
                                     std::span<const Encoding> among) {
  const nn::Layer& layer = model.layers[index];
  std::vector<Candidate> candidates;
  for (const Encoding& encoding : among) {
    std::optional<LayerCode> code = encoding.encode(layer, index + 1 == model.layers.size());
    if (code) candidates.push_back({encoding.name, *std::move(code)});
  }
  if (candidates.empty()) {
    throw std::invalid_argument(
        fmt::format("layer {} cannot be stored as {}", index, names(among)));
  }
  return candidates;
}

Layers candidates_of(const nn::Model& model, std::span<const Encoding> among) {
  Layers layers;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    layers.push_back(candidates_of(model, i, among));
  }
  return layers;
}

void check_encodable(const nn::Model& model) {
  nn::check(model);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const nn::Layer& layer = model.layers[i];
    if (std::max(nn::input_count(layer), nn::output_count(layer)) > kWidestLayer) {
      throw std::invalid_argument(fmt::format("layer {} is wider than {}", i, kWidestLayer));
    }
  }
}

EncodedLayer place_layer(const nn::Layer& layer, std::size_t index, const Candidate& candidate,
                         Encoder& encoder) {
  auto [name, code] = candidate;
  EncodedLayer result{.encoding = std::string(name),
                      .inputs = nn::input_count(layer),
                      .outputs = nn::output_count(layer),
                      .activation = std::visit([](const auto& l) { return l.activation; }, layer),
                      .output = {},
                      .requantized_zero_point = 0,
                      .arrays = {},
                      .table = {},
                      .code = {}};
  for (LayerArray& array : code.arrays) {
    result.arrays.push_back(encoder.add(index, std::move(array)));
  }
  code.arrays.clear();
  result.code = std::move(code);
  if (const auto* int8 = std::get_if<nn::Int8Layer>(&layer)) {
    result.output = int8->output;
    result.requantized_zero_point = nn::requantized(*int8).zero_point;
    if (nn::has_table(int8->activation)) {
      const auto table = nn::make_table(*int8);
      result.table = encoder.add(
          index, layer_array("table", table.data(), static_cast<nn::Index>(table.size())));
    }
  }
  return result;
}

EncodedModel place(const nn::Model& model, const Layers& layers,
                   const std::vector<std::size_t>& chosen) {
  EncodedModel result{nn::arithmetic(model), {}, {}, {}, {}, plan_arena(model)};
  if (result.arithmetic == nn::Arithmetic::int8) result.input = nn::input_quantization(model);
  Encoder encoder;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    result.layers.push_back(place_layer(model.layers[i], i, layers[i][chosen[i]], encoder));
  }
  encoder.place(result);
  return result;
}

/// What a model takes whichever way its layers are stored.
Cost base_cost(const nn::Model& model) {
  if (nn::arithmetic(model) != nn::Arithmetic::int8) return {};
  const nn::Index inputs = nn::input_count(model.layers.front());
  return {code_bytes(model_code_terms(inputs)), cycles(model_cycle_terms(inputs))};
}

void append(std::vector<Term>& terms, std::vector<Term> more) {
  terms.insert(terms.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
}

}  // namespace

EncodedModel encode(const nn::Model& model, const Goal& goal, std::span<const Encoding> among) {
  check_encodable(model);
  const Layers layers = candidates_of(model, among);
  return place(model, layers, choices(layers, base_cost(model), goal).front().candidates);
}

std::vector<EncodedModel> encode_contenders(const nn::Model& model, const Goal& goal,
                                            std::size_t most) {
  check_encodable(model);
  const Layers layers = candidates_of(model, encodings());
  std::vector<EncodedModel> encoded;
  for (const Choice& choice : contenders(choices(layers, base_cost(model), goal), goal, most)) {
    encoded.push_back(place(model, layers, choice.candidates));
  }
  return encoded;
}

EncodedModel encode_as(const nn::Model& model, std::span<const std::string> names) {
  check_encodable(model);
  if (names.size() != model.layers.size()) {
    throw std::invalid_argument(
        fmt::format("{} encodings are named for {} layers", names.size(), model.layers.size()));
  }
  Layers layers;
  for (std::size_t i = 0; i < names.size(); ++i) {
    layers.push_back(candidates_of(model, i, {&encoding_named(names[i]), 1}));
  }
  return place(model, layers, std::vector<std::size_t>(layers.size(), 0));
}

std::vector<Term> code_terms(const EncodedModel& model) {
  std::vector<Term> terms = model_code_terms(input_count(model));
  std::set<std::string> functions;
  for (const EncodedLayer& layer : model.layers) {
    append(terms, code_terms(layer.encoding, layer.code));
    functions.insert(layer.code.functions.begin(), layer.code.functions.end());
  }
  for (const std::string& function : functions) terms.push_back({"function", function, 1});
  return terms;
}

std::vector<Term> cycle_terms(const EncodedModel& model) {
  std::vector<Term> terms = model_cycle_terms(input_count(model));
  for (const EncodedLayer& layer : model.layers) {
    append(terms, cycle_terms(layer.encoding, layer.code));
  }
  return terms;
}

double linked_bytes(const EncodedModel& model) {
  const std::size_t words = (model.bytes.size() + 3) / 4;
  return static_cast<double>(4 * words);
}

Cost estimate(const EncodedModel& model) {
  return {linked_bytes(model) + code_bytes(code_terms(model)), cycles(cycle_terms(model))};
}

Arena plan_arena(const nn::Model& model) {
  const bool int8 = nn::arithmetic(model) == nn::Arithmetic::int8;
  std::vector<nn::Index> sizes;
  for (const nn::Layer& layer : model.layers) {
    const nn::Index count = nn::input_count(layer);
    sizes.push_back(int8 ? (count + 1) / 2 * 2 : count);
  }
  if (!int8) sizes.front() = 0;
  Arena arena{0, {}};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    arena.size = std::max(arena.size, sizes[i] + (i == 0 ? 0 : sizes[i - 1]));
  }
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    arena.inputs.push_back(i % 2 == 0 ? 0 : arena.size - sizes[i]);
  }
  return arena;
}

std::uint32_t kernel_hash(const EncodedModel& model) {
  std::string kernels;
  for (const EncodedLayer& layer : model.layers) {
    kernels += fmt::format("{}{{{}}} {}\n", layer.code.type, layer.code.constants,
                           nn::text(layer.activation));
  }
  const auto* const bytes = reinterpret_cast<const Bytef*>(kernels.data());
  return static_cast<std::uint32_t>(crc32_z(0, bytes, kernels.size()));
}

std::uint32_t hash(const EncodedModel& model) {
  return static_cast<std::uint32_t>(
      crc32_z(kernel_hash(model), model.bytes.data(), model.bytes.size()));
}

nn::Index input_count(const EncodedModel& model) { return model.layers.front().inputs; }

nn::Index output_count(const EncodedModel& model) { return model.layers.back().outputs; }

bool is_int8(const EncodedModel& model) { return model.arithmetic == nn::Arithmetic::int8; }

std::size_t value_bytes(const EncodedModel& model) {
  return model.arithmetic == nn::Arithmetic::int8 ? 1 : 4;
}

}  // namespace pare::mcu
