#include "mcu/kernel/crc32.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <cstdint>
#include <string_view>
#include <vector>

TEST_CASE("the CRC-32 of the standard check string is the published one") {
  constexpr std::string_view kCheck = "123456789";
  CHECK(pare::crc32(0, kCheck.data(), 9) == 0xCBF43926u);
}

TEST_CASE("the CRC-32 agrees with zlib for every length, at once and in pieces") {
  std::vector<std::uint8_t> bytes;
  std::uint32_t state = 1;
  for (std::uint32_t length = 0; length < 300; ++length) {
    const std::uint32_t expected =
        static_cast<std::uint32_t>(::crc32(0, bytes.data(), static_cast<uInt>(length)));
    CHECK(pare::crc32(0, bytes.data(), length) == expected);
    const std::uint32_t first = length / 3;
    const std::uint32_t begun = pare::crc32(0, bytes.data(), first);
    CHECK(pare::crc32(begun, bytes.data() + first, length - first) == expected);
    state = state * 1664525u + 1013904223u;
    bytes.push_back(static_cast<std::uint8_t>(state >> 24));
  }
}
