#include "bench/prices.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "mcu/encodings/costs.h"

using namespace pare;

namespace {

/// What terms cost by prices that are made up.
double invented(const std::vector<mcu::Term>& terms) {
  double sum = 0;
  for (const mcu::Term& term : terms) {
    sum += term.count * static_cast<double>(7 + (term.owner + term.of).size());
  }
  return sum;
}

}  // namespace

TEST_CASE("prices are found again in what they add up to") {
  nn::Random random(3, 8);
  std::vector<bench::PricedModel> samples;
  std::vector<mcu::Cost> costs;
  for (const char* name : {"bitmask int8", "paired int8", "1-bit"}) {
    for (int i = 0; i < 200; ++i) {
      samples.push_back(bench::sample_priced_model(mcu::encoding_named(name), random));
      const mcu::EncodedModel& encoded = samples.back().encoded;
      costs.push_back({mcu::linked_bytes(encoded) + invented(mcu::code_terms(encoded)),
                       invented(mcu::cycle_terms(encoded))});
    }
  }
  const bench::FittedPrices prices = bench::fit_prices(samples, costs);
  CHECK(prices.code_error_bytes < 0.1);
  CHECK(prices.cycles_error < 1e-4);
  samples.resize(20);
  costs.resize(20);
  CHECK_THROWS_AS(bench::fit_prices(samples, costs), std::invalid_argument);
}

TEST_CASE("the written table has every price in its place") {
  const bench::FittedPrices prices{
      {{"a", "layer", 12.34}, {"function", "f", 56}}, {{"a", "rows", 7.891}}, 3.21, 0.01234};
  const std::string source = bench::costs_source(prices);
  for (const char* line : {"constexpr Price kCodePrices[] = {\n    {\"a\", \"layer\", 12.3},\n"
                           "    {\"function\", \"f\", 56.0},\n};",
                           "constexpr Price kCyclePrices[] = {\n    {\"a\", \"rows\", 7.89},\n};",
                           "kCodeErrorBytes = 3.2;", "kCyclesError = 0.0123;"}) {
    CAPTURE(line);
    CHECK(source.find(line) != std::string::npos);
  }
}

TEST_CASE(
    "the table of costs is that of today's kernels, or './pare bench costs' measures it anew" *
    doctest::test_suite("slow")) {
  nn::Random random(4, 9);
  std::vector<double> byte_errors;
  std::vector<double> cycle_errors;
  for (const mcu::Encoding& encoding : mcu::encodings()) {
    if (encoding.name == "dense float32") continue;
    CAPTURE(encoding.name);
    for (int i = 0; i < 3; ++i) {
      const bench::PricedModel sample = bench::sample_priced_model(encoding, random);
      const mcu::Cost measured = bench::measure_cost(sample);
      const mcu::Cost estimated = mcu::estimate(sample.encoded);
      byte_errors.push_back(std::abs(estimated.flash_bytes - measured.flash_bytes));
      cycle_errors.push_back(std::abs(estimated.cycles / measured.cycles - 1));
      CHECK(byte_errors.back() < 3 * mcu::kCodeErrorBytes);
      CHECK(cycle_errors.back() < 3 * mcu::kCyclesError);
    }
  }
  const auto most_are_below = [](std::vector<double> errors, double limit) {
    const auto place = errors.begin() + static_cast<std::ptrdiff_t>(errors.size()) * 8 / 10;
    std::nth_element(errors.begin(), place, errors.end());
    return *place <= limit;
  };
  CHECK(most_are_below(byte_errors, mcu::kCodeErrorBytes));
  CHECK(most_are_below(cycle_errors, mcu::kCyclesError));
}
