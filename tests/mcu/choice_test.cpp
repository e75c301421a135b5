#include "mcu/encodings/choice.h"

#include <doctest/doctest.h>

#include <set>

#include "nn/random.h"

using namespace pare;
using mcu::Candidate;

namespace {

Candidate candidate(std::string type, std::size_t bytes, double code_bytes, double cycles) {
  return {type,
          {.arrays = {{"values", mcu::ElementType::int8, std::vector<std::uint8_t>(bytes)}},
           .header = "",
           .type = type,
           .constants = "",
           .run = {},
           .cycles_estimate = cycles,
           .code_bytes = code_bytes}};
}

/// Bytes of a choice, by the definition.
double total(const std::vector<std::vector<Candidate>>& layers,
             const std::vector<std::size_t>& chosen) {
  double bytes = 0;
  std::set<std::string> kernels;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const mcu::LayerCode& code = layers[i][chosen[i]].code;
    bytes += static_cast<double>(code.arrays[0].bytes.size());
    if (kernels.insert(code.type).second) bytes += code.code_bytes;
  }
  return bytes;
}

}  // namespace

TEST_CASE("a kernel counts once for all layers that share it") {
  const std::vector<Candidate> layer{candidate("a", 100, 50, 1), candidate("b", 60, 100, 2)};
  using Chosen = std::vector<std::size_t>;
  CHECK(mcu::choose({layer}, mcu::Optimize::size) == Chosen{0});            // 150, not 160
  CHECK(mcu::choose({layer, layer}, mcu::Optimize::size) == Chosen{1, 1});  // 220, not 250
  CHECK(mcu::choose({layer, layer}, mcu::Optimize::speed) == Chosen{0, 0});
}

TEST_CASE("of equals the first is chosen") {
  const std::vector<Candidate> layer{candidate("a", 7, 3, 5), candidate("b", 7, 3, 5)};
  CHECK(mcu::choose({layer}, mcu::Optimize::size) == std::vector<std::size_t>{0});
  CHECK(mcu::choose({layer}, mcu::Optimize::speed) == std::vector<std::size_t>{0});
}

TEST_CASE("no choice takes fewer bytes than the one for size") {
  nn::Random random(9);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<std::vector<Candidate>> layers(1 + random.below(4));
    for (auto& layer : layers) {
      for (std::uint32_t i = 0; i < 1 + random.below(4); ++i) {
        const std::uint32_t type = random.below(5);
        layer.push_back(candidate(std::to_string(type), random.below(300), 40.0 + 30.0 * type, 1));
      }
    }
    const double found = total(layers, mcu::choose(layers, mcu::Optimize::size));
    std::vector<std::size_t> other(layers.size(), 0);
    for (bool done = false; !done;) {
      CHECK(found <= total(layers, other));
      done = true;
      for (std::size_t i = 0; done && i < layers.size(); ++i) {
        done = ++other[i] == layers[i].size();
        if (done) other[i] = 0;
      }
    }
  }
}
