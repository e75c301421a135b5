#include "mcu/encodings/entropy_weights.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "mcu/encodings/prefix_code.h"
#include "tests/mcu/sparse_int8.h"

using namespace pare;

namespace {

/// Bits of `counts`' total by the entropy of their distribution.
double entropy_bits(const std::map<std::int64_t, double>& counts) {
  double total = 0;
  for (const auto& [symbol, count] : counts) total += count;
  double bits = 0;
  for (const auto& [symbol, count] : counts) bits -= count * std::log2(count / total);
  return bits;
}

}  // namespace

TEST_CASE("a prefix code of two classes is as written out by hand") {
  // Symbol 0 is nearly all: 1. Symbols 1 to 4: 01 and two bits, for a third class costs a word.
  const mcu::PrefixCode code({400, 1, 1, 1, 1}, 12);
  REQUIRE(code.classes().size() == 2);
  CHECK(code.length_bits(0) == 1);
  CHECK(code.codeword(0) == 0b1);
  CHECK(code.length_bits(3) == 4);
  CHECK(code.codeword(3) == 0b0110);
  CHECK(code.table(7) == std::vector<std::int32_t>{(6 << 16) + (1 << 8) + 31,    // 1 + 6 is 0 + 7
                                                   (4 << 16) + (4 << 8) + 28});  // 4 + 4 is 1 + 7
}

TEST_CASE("no two codewords of a prefix code begin alike, and none is too long") {
  nn::Random random(6);
  for (int trial = 0; trial < 50; ++trial) {
    const int longest = 5 + static_cast<int>(random.below(9));
    std::vector<std::int64_t> frequencies(1 + random.below((1U << longest) - 1));
    for (std::int64_t& f : frequencies) f = random.below(1U << random.below(16));
    const mcu::PrefixCode code(frequencies, longest);
    std::vector<std::uint32_t> begins;  // of the codewords, left-aligned, each with its end
    for (int symbol = 0; symbol < static_cast<int>(frequencies.size()); ++symbol) {
      const int length = code.length_bits(symbol);
      REQUIRE(length <= longest);
      const std::uint32_t begin = code.codeword(symbol) << (longest - length);
      for (std::uint32_t i = 0; i < 1U << (longest - length); ++i) begins.push_back(begin + i);
    }
    std::sort(begins.begin(), begins.end());
    CHECK(std::adjacent_find(begins.begin(), begins.end()) == begins.end());
  }
}

TEST_CASE("a prefix code refuses more symbols than its codewords can tell apart") {
  CHECK_NOTHROW(mcu::PrefixCode(std::vector<std::int64_t>(15, 1), 4));
  CHECK_THROWS_WITH(mcu::PrefixCode(std::vector<std::int64_t>(16, 1), 4),
                    "[PrefixCode] 16 symbols do not fit codewords of 4 bits");
  CHECK_THROWS_WITH(mcu::PrefixCode({}, 4),
                    "[PrefixCode] 0 symbols do not fit codewords of 4 bits");
}

TEST_CASE("bits are written from the highest down") {
  mcu::BitWriter bits;
  bits.write(0b101, 3);
  bits.write(0b1100110, 7);
  CHECK(bits.bytes() == std::vector<std::uint8_t>{0b10111001, 0b10000000});
}

TEST_CASE("entropy-coded weights take at most 3 % more than the entropy of gaps and values") {
  nn::Random random(7);
  for (const double sparsity : {0.8, 0.9, 0.95, 0.98}) {
    CAPTURE(sparsity);
    nn::Int8Matrix weights = nn::Int8Matrix::Zero(300, 784);
    std::map<std::int64_t, double> gaps;
    std::map<std::int64_t, double> values;
    std::int64_t last = -1;
    for (std::int64_t i = 0; i < weights.size(); ++i) {
      if (random.uniform(0, 1) < sparsity) continue;
      const double value = std::clamp(30 * random.normal(), -127.0, 127.0);
      weights.data()[i] = static_cast<std::int8_t>(value + (value < 0 ? -1 : 1) * 1e-9);
      if (weights.data()[i] == 0) weights.data()[i] = 1;
      ++gaps[i - last];
      ++values[weights.data()[i]];
      last = i;
    }
    const mcu::EntropyWeights encoded = mcu::entropy_encode(weights);
    const double bound = (entropy_bits(gaps) + entropy_bits(values)) / 8;
    const double tables = static_cast<double>(
        4 * (encoded.gap_code.size() + encoded.value_code.size()) + encoded.values.size());
    CHECK(static_cast<double>(encoded.stream.size()) < 1.03 * bound);
    CHECK(static_cast<double>(encoded.stream.size()) > bound);
    CHECK(tables < 400);
  }
}
