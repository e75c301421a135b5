#include "mcu/encodings/choice.h"

#include <doctest/doctest.h>

#include <set>

#include "mcu/encodings/costs.h"
#include "nn/random.h"

using namespace pare;
using mcu::Candidate;
using mcu::Choice;
using mcu::Cost;
using mcu::Goal;
using mcu::Optimize;

namespace {

using Layers = std::vector<std::vector<Candidate>>;
using Chosen = std::vector<std::size_t>;

constexpr Cost kBase{50, 100};

Candidate candidate(std::string_view encoding, std::vector<std::string> functions,
                    std::size_t bytes, double rows) {
  return {encoding,
          {.arrays = {{"values", mcu::ElementType::int8, std::vector<std::uint8_t>(bytes)}},
           .header = "",
           .type = "",
           .constants = "",
           .run = {},
           .functions = std::move(functions),
           .work = {{"rows", rows}}}};
}

/// What a choice costs, by the definition.
Cost total(const Layers& layers, const Chosen& chosen) {
  Cost cost = kBase;
  std::set<std::string> functions;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto& [encoding, code] = layers[i][chosen[i]];
    cost.flash_bytes += static_cast<double>(code.arrays[0].bytes.size()) +
                        mcu::code_bytes(mcu::code_terms(encoding, code));
    cost.cycles += mcu::cycles(mcu::cycle_terms(encoding, code));
    for (const std::string& function : code.functions) {
      if (functions.insert(function).second) {
        cost.flash_bytes += mcu::code_bytes({{"function", function, 1}});
      }
    }
  }
  return cost;
}

Layers random_layers(nn::Random& random) {
  static const std::vector<std::pair<std::string, std::vector<std::string>>> kKinds{
      {"bitmask int8", {"RowWriter", "BitmaskInt8"}},
      {"4-bit deltas", {"RowWriter", "DeltaInt8<4>"}},
      {"8-bit deltas", {"RowWriter", "DeltaInt8<8>"}},
      {"sparse int8", {"own_output"}},
      {"entropy-coded int8", {"RowWriter", "EntropyInt8"}}};
  Layers layers(1 + random.below(4));
  for (auto& layer : layers) {
    for (std::uint32_t i = 0; i < 2 + random.below(4); ++i) {
      const auto& [encoding, functions] = kKinds[random.below(5)];
      layer.push_back(candidate(encoding, functions, random.below(400), random.below(20)));
    }
  }
  return layers;
}

/// The least cost by the goal of all choices there are.
Cost best_of_all(const Layers& layers, const Goal& goal) {
  Chosen chosen(layers.size(), 0);
  Cost best = total(layers, chosen);
  for (bool done = false; !done;) {
    const Cost cost = total(layers, chosen);
    if (mcu::better(goal, cost, best)) best = cost;
    done = true;
    for (std::size_t i = 0; done && i < layers.size(); ++i) {
      done = ++chosen[i] == layers[i].size();
      if (done) chosen[i] = 0;
    }
  }
  return best;
}

bool same(const Cost& a, const Cost& b) {
  return a.flash_bytes == doctest::Approx(b.flash_bytes).epsilon(1e-12) &&
         a.cycles == doctest::Approx(b.cycles).epsilon(1e-12);
}

}  // namespace

TEST_CASE("a function counts once for all layers that call it") {
  const double function = mcu::code_bytes({{"function", "EntropyInt8", 1}});
  const std::vector<Candidate> layer{candidate("4-bit deltas", {}, 400, 1),
                                     candidate("4-bit deltas", {"EntropyInt8"},
                                               static_cast<std::size_t>(400 - 0.7 * function), 2)};
  const Goal size{Optimize::size};
  CHECK(mcu::choices({layer}, kBase, size).front().candidates == Chosen{0});
  CHECK(mcu::choices({layer, layer}, kBase, size).front().candidates == Chosen{1, 1});
  CHECK(mcu::choices({layer, layer}, kBase, {Optimize::speed}).front().candidates == Chosen{0, 0});
}

TEST_CASE("of equals the first is chosen") {
  const std::vector<Candidate> layer{candidate("4-bit deltas", {}, 7, 5),
                                     candidate("4-bit deltas", {}, 7, 5)};
  for (const Optimize optimize : {Optimize::size, Optimize::balance, Optimize::speed}) {
    const std::vector<Choice> ranked = mcu::choices({layer, layer}, kBase, {optimize});
    CHECK(ranked.size() == 1);
    CHECK(ranked.front().candidates == Chosen{0, 0});
  }
}

TEST_CASE("where there is nothing to choose no price is needed") {
  const Layers layers{{candidate("dense float32", {"a function without a price"}, 7, 5)}};
  CHECK(mcu::choices(layers, kBase, {}).front().candidates == Chosen{0});
  const auto two = Layers{{layers[0][0], layers[0][0]}};
  CHECK_THROWS_WITH_AS(mcu::choices(two, kBase, {}),
                       "'a function without a price' of 'function' has no price; './pare bench "
                       "costs' measures it",
                       std::logic_error);
}

TEST_CASE("of all choices the best by the goal comes first, within bounds too") {
  nn::Random random(9);
  for (int trial = 0; trial < 200; ++trial) {
    const Layers layers = random_layers(random);
    const Cost balanced = best_of_all(layers, {Optimize::balance});
    const double flash = balanced.flash_bytes * random.uniform(0.8, 1.3);
    const double cycles = balanced.cycles * random.uniform(0.8, 1.3);
    for (const Goal& goal : {Goal{Optimize::size}, Goal{Optimize::balance}, Goal{Optimize::speed},
                             Goal{Optimize::size, flash, 0}, Goal{Optimize::speed, 0, cycles},
                             Goal{Optimize::balance, flash, cycles}}) {
      const std::vector<Choice> ranked = mcu::choices(layers, kBase, goal);
      CHECK(same(ranked.front().cost, total(layers, ranked.front().candidates)));
      // Between two that exceed the bounds by as much, rounding decides.
      CHECK_FALSE(mcu::better(goal, best_of_all(layers, goal),
                              {ranked.front().cost.flash_bytes * (1 - 1e-12),
                               ranked.front().cost.cycles * (1 - 1e-12)}));
    }
  }
}

TEST_CASE("what is better by each goal") {
  const Cost small{400, 3000};
  const Cost quick{500, 1000};
  CHECK(mcu::better({Optimize::size}, small, quick));
  CHECK(mcu::better({Optimize::speed}, quick, small));
  CHECK(mcu::better({Optimize::balance}, quick, small));
  CHECK_FALSE(mcu::better({Optimize::balance}, quick, quick));
  // Within a bound the other cost decides; what exceeds it least is best where all do.
  CHECK(mcu::better({Optimize::size, 600, 0}, quick, small));
  CHECK(mcu::better({Optimize::size, 450, 0}, small, quick));
  CHECK(mcu::better({Optimize::size, 300, 0}, small, quick));
  CHECK(mcu::better({Optimize::speed, 0, 4000}, small, quick));
  CHECK(mcu::better({Optimize::speed, 0, 2000}, quick, small));
  CHECK(mcu::better({Optimize::size, 600, 4000}, small, quick));
  CHECK(mcu::better({Optimize::speed, 600, 4000}, quick, small));
  CHECK(
      mcu::better({Optimize::size, 450, 2900}, small, quick));  // 3 % too slow, not 11 % too large
}

TEST_CASE("contenders are those that the prices' errors leave the chance to be the best") {
  const double error = mcu::kCodeErrorBytes;
  const std::vector<Choice> ranked{
      {{0}, {1000, 100}}, {{1}, {1000 + 1.9 * error, 90}}, {{2}, {1000 + 2.1 * error, 80}}};
  const auto chosen = [&](std::size_t most) {
    Chosen all;
    for (const Choice& choice : mcu::contenders(ranked, {Optimize::size}, most)) {
      all.push_back(choice.candidates[0]);
    }
    return all;
  };
  CHECK(chosen(9) == Chosen{0, 1});
  CHECK(chosen(1) == Chosen{0});
}
