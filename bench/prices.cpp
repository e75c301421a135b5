#include "bench/prices.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "bench/kernels.h"
#include "build_paths.h"

namespace pare::bench {
namespace {

constexpr std::uint64_t kSeed = 1;

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

using Name = std::pair<std::string, std::string>;  // owner, of

/// Solves the normal equations of sum_j rows[i][j] * x[j] = 1 in the least squares sense. A little
/// of the diagonal is added, so that what always comes together shares its price.
std::vector<double> least_squares(const std::vector<std::vector<double>>& rows,
                                  const std::vector<double>& targets) {
  const std::size_t count = rows.front().size();
  std::vector<std::vector<double>> a(count, std::vector<double>(count + 1, 0));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < count; ++j) {
      for (std::size_t k = 0; k < count; ++k) a[j][k] += rows[i][j] * rows[i][k];
      a[j][count] += rows[i][j] * targets[i];
    }
  }
  for (std::size_t j = 0; j < count; ++j) a[j][j] *= 1 + 1e-6;
  for (std::size_t j = 0; j < count; ++j) {
    for (std::size_t i = 0; i < count; ++i) {
      if (i == j) continue;
      const double factor = a[i][j] / a[j][j];
      for (std::size_t k = j; k <= count; ++k) a[i][k] -= factor * a[j][k];
    }
  }
  std::vector<double> solution;
  for (std::size_t j = 0; j < count; ++j) solution.push_back(a[j][count] / a[j][j]);
  return solution;
}

struct Fit {
  std::vector<mcu::Term> prices;
  double error;
};

/// Prices of all terms that any sample has, each sample weighted by `weights`; the error too.
Fit fit(const std::vector<std::vector<mcu::Term>>& samples, const std::vector<double>& costs,
        const std::vector<double>& weights) {
  std::map<Name, std::size_t> place;
  for (const auto& terms : samples) {
    for (const mcu::Term& term : terms) {
      if (term.count != 0) place.emplace(Name{term.owner, term.of}, 0);
    }
  }
  std::size_t next = 0;
  for (auto& [name, index] : place) index = next++;
  if (samples.size() < place.size()) {
    throw std::invalid_argument(
        fmt::format("{} samples are too few for {} prices", samples.size(), place.size()));
  }
  std::vector<std::vector<double>> rows(samples.size(), std::vector<double>(place.size(), 0));
  std::vector<double> targets;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    for (const mcu::Term& term : samples[i]) {
      if (term.count != 0) rows[i][place.at({term.owner, term.of})] += term.count * weights[i];
    }
    targets.push_back(costs[i] * weights[i]);
  }
  const std::vector<double> solution = least_squares(rows, targets);
  Fit result{{}, 0};
  for (const auto& [name, index] : place) {
    result.prices.push_back({name.first, name.second, solution[index]});
  }
  std::vector<double> errors;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < solution.size(); ++j) sum += rows[i][j] * solution[j];
    errors.push_back(std::abs(sum - targets[i]));
  }
  std::sort(errors.begin(), errors.end());
  result.error = errors[(errors.size() * 19 - 1) / 20];
  return result;
}

std::string price_list(const std::vector<mcu::Term>& prices, int decimals) {
  std::string text;
  for (const mcu::Term& price : prices) {
    text += fmt::format("    {{\"{}\", \"{}\", {:.{}f}}},\n", price.owner, price.of, price.count,
                        decimals);
  }
  return text;
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
  nn::Random random(kSeed, 5);
  std::vector<PricedModel> models;
  for (const mcu::Encoding& encoding : mcu::encodings()) {
    if (encoding.name != "dense float32") add_samples(encoding, random, models);
  }
  return models;
}

mcu::Cost measure_cost(const PricedModel& sample) {
  const nn::Int8Matrix inputs = random_int8_inputs(mcu::input_count(sample.encoded));
  return cost_of(measure_encoding(sample.model, sample.encoded, inputs));
}

FittedPrices fit_prices(const std::vector<PricedModel>& samples,
                        const std::vector<mcu::Cost>& costs) {
  std::vector<std::vector<mcu::Term>> code;
  std::vector<std::vector<mcu::Term>> work;
  std::vector<double> code_bytes;
  std::vector<double> cycles;
  std::vector<double> shares;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    code.push_back(mcu::code_terms(samples[i].encoded));
    work.push_back(mcu::cycle_terms(samples[i].encoded));
    code_bytes.push_back(costs[i].flash_bytes - mcu::linked_bytes(samples[i].encoded));
    cycles.push_back(costs[i].cycles);
    shares.push_back(1 / costs[i].cycles);
  }
  Fit bytes = fit(code, code_bytes, std::vector<double>(samples.size(), 1));
  Fit time = fit(work, cycles, shares);
  return {std::move(bytes.prices), std::move(time.prices), bytes.error, time.error};
}

FittedPrices measure_prices() {
  const std::vector<PricedModel> models = sample_priced_models();
  std::vector<mcu::Cost> costs(models.size());
  std::atomic<std::size_t> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  const auto work = [&] {
    try {
      for (std::size_t i = next++; i < models.size(); i = next++)
        costs[i] = measure_cost(models[i]);
    } catch (...) {
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
      next = models.size();
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
  return fit_prices(models, costs);
}

std::filesystem::path costs_path() {
  return std::filesystem::path(PARE_SOURCE_DIR) / "mcu/encodings/costs.cpp";
}

std::string costs_source(const FittedPrices& prices) {
  return fmt::format(
      "// Measured and written by './pare bench costs'. Do not edit.\n"
      "#include \"mcu/encodings/costs.h\"\n\n"
      "namespace pare::mcu {{\n"
      "namespace {{\n\n"
      "constexpr Price kCodePrices[] = {{\n{}}};\n\n"
      "constexpr Price kCyclePrices[] = {{\n{}}};\n\n"
      "}}  // namespace\n\n"
      "std::span<const Price> code_prices() {{ return kCodePrices; }}\n\n"
      "std::span<const Price> cycle_prices() {{ return kCyclePrices; }}\n\n"
      "const double kCodeErrorBytes = {:.1f};\n"
      "const double kCyclesError = {:.4f};\n\n"
      "}}  // namespace pare::mcu\n",
      price_list(prices.code, 1), price_list(prices.cycles, 2), prices.code_error_bytes,
      prices.cycles_error);
}

Table price_table(const FittedPrices& prices) {
  Table table{{"of", "what", "bytes", "cycles"}, {false, false, true, true}, {}};
  for (const mcu::Term& price : prices.code) {
    table.rows.push_back({price.owner, price.of, fmt::format("{:.1f}", price.count), "-"});
  }
  for (const mcu::Term& price : prices.cycles) {
    table.rows.push_back({price.owner, price.of, "-", fmt::format("{:.2f}", price.count)});
  }
  return table;
}

}  // namespace pare::bench
