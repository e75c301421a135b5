#include "bench/priced_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

#include "bench/kernels.h"

namespace pare::bench {
namespace {

constexpr std::uint64_t kPricedSeed = 1;

nn::Index between(nn::Random& random, nn::Index low, nn::Index high) {
  return low + static_cast<nn::Index>(random.below(static_cast<std::uint32_t>(high - low + 1)));
}

/// Mostly small, where code weighs most.
nn::Index random_width(nn::Random& random) {
  return static_cast<nn::Index>(std::lround(std::exp(random.uniform(0, std::log(160.0)))));
}

std::vector<std::int8_t> random_values(nn::Random& random, std::size_t count) {
  std::vector<std::int8_t> values;
  while (values.size() < count) {
    values.push_back(static_cast<std::int8_t>(between(random, -127, 127)));
  }
  return values;
}

void draw_from(nn::Int8Matrix& weights, const std::vector<std::int8_t>& values,
               nn::Random& random) {
  for (std::int8_t& weight : weights.reshaped<Eigen::RowMajor>()) {
    weight = values[random.below(static_cast<std::uint32_t>(values.size()))];
  }
}

void drop(nn::Int8Matrix& weights, double sparsity, nn::Random& random) {
  for (std::int8_t& weight : weights.reshaped<Eigen::RowMajor>()) {
    if (random.uniform(0, 1) < sparsity) weight = 0;
  }
}

/// Leaves `n` of each `m` consecutive weights of a row.
void keep_n_of_m(nn::Int8Matrix& weights, nn::Index n, nn::Index m) {
  for (nn::Index row = 0; row < weights.rows(); ++row) {
    for (nn::Index i = 0; i < weights.cols(); ++i) {
      if ((i * 7 + row) % m >= n) weights(row, i) = 0;
    }
  }
}

/// Gives the layer weights that `encoding` can store, and likely would.
void suit(nn::Int8Matrix& weights, std::string_view encoding, nn::Random& random) {
  if (encoding == "1-bit") {
    draw_from(weights, {-90, 90}, random);
  } else if (encoding == "2-bit") {
    draw_from(weights, {-90, 0, 90}, random);
  } else if (encoding == "4-bit") {
    draw_from(weights, {-112, -80, -64, -48, -32, -16, 0, 16, 32, 48, 64, 96, 112}, random);
  } else if (encoding == "2-bit codebook") {
    draw_from(weights, random_values(random, 4), random);
  } else if (encoding == "3-bit codebook") {
    draw_from(weights, random_values(random, 8), random);
  } else if (encoding == "4-bit codebook") {
    draw_from(weights, random_values(random, 16), random);
  } else if (encoding == "n:4 int8") {
    keep_n_of_m(weights, between(random, 1, 2), 4);
  } else if (encoding == "n:16 int8") {
    keep_n_of_m(weights, between(random, 1, 5), 16);
  } else if (encoding == "entropy-coded int8") {
    drop(weights, random.uniform(0.55, 0.97), random);
  } else if (encoding != "paired int8" && encoding != "scalar int8" && encoding != "dense int8") {
    drop(weights, random.uniform(0, 0.97), random);
  }
}

/// ReLU layers whose zero is not the least int8, which cannot be paired.
void prevent_pairing(nn::Model& model) {
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    auto& layer = std::get<nn::Int8Layer>(model.layers[i]);
    layer.activation = nn::Activation::relu;
    layer.output.zero_point = -100;
    if (i > 0) layer.input.zero_point = -100;
  }
}

std::vector<std::string> possible(const nn::Layer& layer, bool last) {
  std::vector<std::string> names;
  for (const mcu::Encoding& encoding : mcu::encodings()) {
    if (encoding.encode(layer, last)) names.emplace_back(encoding.name);
  }
  return names;
}

/// How many samples have to have what a price is fitted for, at least.
constexpr int kFewestSamples = 14;
constexpr int kMostModels = 400;

/// Adds random models until each price of the encoding has its samples.
void add_samples(const mcu::Encoding& encoding, nn::Random& random,
                 std::vector<PricedModel>& models) {
  std::map<std::string, int> seen;
  const auto count = [&](const std::vector<mcu::Term>& terms, std::string_view list) {
    for (const mcu::Term& term : terms) {
      if (term.owner == encoding.name) seen[fmt::format("{}{}", list, term.of)] += term.count != 0;
    }
  };
  const auto enough = [&] {
    return !seen.empty() && std::all_of(seen.begin(), seen.end(),
                                        [](const auto& of) { return of.second >= kFewestSamples; });
  };
  for (int i = 0; !enough(); ++i) {
    if (i == kMostModels) {
      throw std::logic_error(
          fmt::format("'{}' has a count that is 0 in nearly all models", encoding.name));
    }
    models.push_back(sample_priced_model(encoding, random));
    count(mcu::code_terms(models.back().encoded), "code: ");
    count(mcu::cycle_terms(models.back().encoded), "cycles: ");
  }
}

}  // namespace

PricedModel sample_priced_model(const mcu::Encoding& encoding, nn::Random& random) {
  std::vector<nn::Index> widths{random_width(random)};
  for (nn::Index layers = between(random, 1, 3); layers > 0; --layers) {
    widths.push_back(random_width(random));
  }
  nn::Model model = random_int8_model(widths);
  const bool rounds_once = random.below(3) == 0;
  for (nn::Layer& any : model.layers) {
    auto& layer = std::get<nn::Int8Layer>(any);
    suit(layer.weights, encoding.name, random);
    if (rounds_once) layer.requantizing = nn::Requantizing::single_rounding;
    if (random.below(3) == 0) layer.activation = nn::Activation::identity;
  }
  if (encoding.name == "dense int8") prevent_pairing(model);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const std::vector<std::string> can = possible(model.layers[i], i + 1 == model.layers.size());
    const auto target = std::find(can.begin(), can.end(), encoding.name);
    const bool other = target == can.end() || random.below(4) == 0;
    names.push_back(other ? can[random.below(static_cast<std::uint32_t>(can.size()))] : *target);
  }
  mcu::EncodedModel encoded = mcu::encode_as(model, names);
  return {std::move(model), std::move(encoded)};
}

std::vector<PricedModel> sample_priced_models() {
  nn::Random random(kPricedSeed, 5);
  std::vector<PricedModel> models;
  for (const mcu::Encoding& encoding : mcu::encodings()) {
    if (encoding.name != "dense float32") add_samples(encoding, random, models);
  }
  return models;
}

}  // namespace pare::bench
