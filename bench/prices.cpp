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

#include "bench/encoding_costs.h"
#include "build_paths.h"

namespace pare::bench {
namespace {

using Name = std::pair<std::string, std::string>;  // owner, of

/// The x for which sum_j rows[i][j] * x[j] is nearest to targets[i], by the normal equations. A
/// little is added to their diagonal, so that what always comes together shares its price.
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
