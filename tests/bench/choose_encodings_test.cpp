#include "bench/choose_encodings.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "bench/encoding_costs.h"
#include "bench/kernels.h"
#include "tests/mcu/sparse_int8.h"

using namespace pare;
using mcu::Cost;
using mcu::Optimize;

namespace {

/// Two values a layer: what ternary and 1-bit training leave.
nn::Model binary(nn::Model model) { return tests::with_values(std::move(model), 1, {-90, 90}); }
nn::Model ternary(nn::Model model) { return tests::with_values(std::move(model), 1, {-90, 0, 90}); }
nn::Model four_bit(nn::Model model) {
  return tests::with_values(std::move(model), 1, {-112, -80, -64, -32, -16, 0, 16, 48, 64, 96});
}

struct Named {
  std::string name;
  nn::Model model;
};

std::vector<Named> small_models() {
  using bench::random_int8_model;
  return {{"2-4-2", random_int8_model({2, 4, 2})},
          {"2-4-2, 50 % zeros", random_int8_model({2, 4, 2}, 0.5)},
          {"2-4-2, 90 % zeros", random_int8_model({2, 4, 2}, 0.9)},
          {"2-4-2, 4-bit", four_bit(random_int8_model({2, 4, 2}))},
          {"2-4-2, 1-bit", binary(random_int8_model({2, 4, 2}))},
          {"4-8-2", random_int8_model({4, 8, 2})},
          {"3-8-3", random_int8_model({3, 8, 3})},
          {"3-8-3, ternary", ternary(random_int8_model({3, 8, 3}))},
          {"3-16-3", random_int8_model({3, 16, 3})},
          {"1-16-16-1", random_int8_model({1, 16, 16, 1})},
          {"10-20-4, 80 % zeros", random_int8_model({10, 20, 4}, 0.8)}};
}

std::vector<Named> larger_models() {
  using bench::random_int8_model;
  return {{"digits 64-64-32-10", random_int8_model({64, 64, 32, 10})},
          {"digits, 4-bit", four_bit(random_int8_model({64, 64, 32, 10}))},
          {"digits, ternary", ternary(random_int8_model({64, 64, 32, 10}))},
          {"digits, 70 % zeros", random_int8_model({64, 64, 32, 10}, 0.7)},
          {"640-128-8-128-640", random_int8_model({640, 128, 8, 128, 640})}};
}

Cost measure(bench::EncodingMeter& meter, const mcu::EncodedModel& encoded) {
  return bench::cost_of(meter.measure(encoded));
}

bench::EncodingMeter meter_of(const nn::Model& model) {
  return {model, bench::random_int8_inputs(nn::input_count(model.layers.front()))};
}

/// Each layer in every encoding that can store it.
std::vector<std::vector<std::string>> all_ways(const nn::Model& model) {
  std::vector<std::vector<std::string>> ways{{}};
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    std::vector<std::vector<std::string>> longer;
    for (const mcu::Encoding& encoding : mcu::encodings()) {
      if (!encoding.encode(model.layers[i], i + 1 == model.layers.size())) continue;
      for (std::vector<std::string> way : ways) {
        way.emplace_back(encoding.name);
        longer.push_back(std::move(way));
      }
    }
    ways = std::move(longer);
  }
  return ways;
}

/// The fewest bytes that linking finds among all ways that the table gives up to 15 % more than its
/// best: it is never that wrong.
double fewest_bytes(const nn::Model& model, bench::EncodingMeter& meter) {
  std::vector<mcu::EncodedModel> encoded;
  double best = 1e9;
  for (const std::vector<std::string>& way : all_ways(model)) {
    encoded.push_back(mcu::encode_as(model, way));
    best = std::min(best, mcu::estimate(encoded.back()).flash_bytes);
  }
  double fewest = 1e9;
  for (const mcu::EncodedModel& way : encoded) {
    if (mcu::estimate(way).flash_bytes > 1.15 * best) continue;
    fewest = std::min(fewest, measure(meter, way).flash_bytes);
  }
  return fewest;
}

void check_choices(const Named& named) {
  CAPTURE(named.name);
  bench::EncodingMeter meter = meter_of(named.model);
  const auto chosen = [&](Optimize optimize) {
    return measure(meter, bench::choose_encodings(named.model, {optimize}));
  };
  const Cost size = chosen(Optimize::size);
  const Cost balance = chosen(Optimize::balance);
  const Cost speed = chosen(Optimize::speed);
  INFO("flash " << size.flash_bytes << " " << balance.flash_bytes << " " << speed.flash_bytes
                << ", cycles " << size.cycles << " " << balance.cycles << " " << speed.cycles);
  const auto product = [](const Cost& cost) { return cost.flash_bytes * cost.cycles; };
  CHECK(size.flash_bytes <= speed.flash_bytes);
  CHECK(size.flash_bytes <= balance.flash_bytes);
  CHECK(speed.cycles <= size.cycles);
  CHECK(speed.cycles <= balance.cycles);
  CHECK(product(balance) <= product(size));
  CHECK(product(balance) <= product(speed));
}

}  // namespace

TEST_SUITE("slow") {
  TEST_CASE("size takes the fewest bytes, speed the fewest cycles, balance the least product") {
    for (const Named& named : small_models()) check_choices(named);
    for (const Named& named : larger_models()) check_choices(named);
  }

  TEST_CASE("size takes at most 1 % more flash than the best that linking finds") {
    for (const Named& named : small_models()) {
      if (named.model.layers.size() > 2) continue;
      CAPTURE(named.name);
      bench::EncodingMeter meter = meter_of(named.model);
      const Cost size = measure(meter, bench::choose_encodings(named.model, {Optimize::size}));
      CHECK(size.flash_bytes <= 1.01 * fewest_bytes(named.model, meter));
    }
  }

  TEST_CASE("a bound on flash or cycles is kept wherever it can be, by what is measured") {
    const nn::Model model = four_bit(bench::random_int8_model({64, 64, 32, 10}));
    bench::EncodingMeter meter = meter_of(model);
    const auto chosen = [&](const mcu::Goal& goal) {
      return measure(meter, bench::choose_encodings(model, goal));
    };
    const Cost size = chosen({Optimize::size});
    const Cost speed = chosen({Optimize::speed});
    REQUIRE(size.flash_bytes < speed.flash_bytes);
    const double flash = (size.flash_bytes + speed.flash_bytes) / 2;
    const Cost in_flash = chosen({Optimize::balance, flash, 0});
    CHECK(in_flash.flash_bytes <= flash);
    CHECK(in_flash.cycles <= size.cycles);
    const double cycles = (size.cycles + speed.cycles) / 2;
    const Cost in_time = chosen({Optimize::balance, 0, cycles});
    CHECK(in_time.cycles <= cycles);
    CHECK(in_time.flash_bytes <= speed.flash_bytes);
    // The bounds' own ends: what is just met is no excess, and one less is.
    CHECK(chosen({Optimize::speed, size.flash_bytes, 0}).flash_bytes == size.flash_bytes);
    CHECK(chosen({Optimize::size, 0, speed.cycles}).cycles == speed.cycles);
    CHECK(chosen({Optimize::speed, size.flash_bytes - 8, 0}).flash_bytes > size.flash_bytes - 8);
  }
}
