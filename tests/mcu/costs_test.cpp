#include "mcu/encodings/costs.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "mcu/encode.h"
#include "tests/mcu/sparse_int8.h"

using namespace pare;

TEST_CASE("every encoding of any int8 layer has its prices, and takes code and cycles by them") {
  std::set<std::string_view> seen;
  for (std::uint64_t kind = 0; kind < 48; ++kind) {
    const auto width = static_cast<nn::Index>(1 + kind % 11);
    const nn::Model model = tests::any_int8_model({width, 17 - width, width + 3}, kind, kind);
    for (const mcu::Encoding& encoding : mcu::encodings()) {
      if (!encoding.encode(model.layers[0], false) || !encoding.encode(model.layers[1], true)) {
        continue;
      }
      CAPTURE(encoding.name);
      seen.insert(encoding.name);
      const std::string name(encoding.name);
      const mcu::EncodedModel encoded = mcu::encode_as(model, std::vector<std::string>{name, name});
      const mcu::Cost cost = mcu::estimate(encoded);
      CHECK(cost.flash_bytes > static_cast<double>(encoded.bytes.size()) + 100);
      CHECK(cost.cycles > 100);
    }
  }
  CHECK(seen.size() == mcu::encodings().size() - 1);  // float32 layers are stored in one way
}

TEST_CASE("no price is there twice") {
  for (const auto prices : {mcu::code_prices(), mcu::cycle_prices()}) {
    std::set<std::pair<std::string_view, std::string_view>> names;
    for (const mcu::Price& price : prices) {
      CAPTURE(price.of);
      CHECK(names.emplace(price.owner, price.of).second);
      CHECK(std::isfinite(price.each));
    }
  }
}
