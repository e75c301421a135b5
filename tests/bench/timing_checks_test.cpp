#include "bench/timing_checks.h"

#include <doctest/doctest.h>

using namespace pare;

TEST_SUITE("slow") {
  TEST_CASE("nrfx's delay loop takes 3 cycles per iteration on the emulated board") {
    CHECK(bench::cycles_per_iteration(bench::kNrfxDelay) == 3);
  }

  TEST_CASE("Mbed's wait loop takes 5 cycles per iteration on the emulated board") {
    CHECK(bench::cycles_per_iteration(bench::kMbedWait) == 5);
  }

  TEST_CASE("bench timing keeps what settled a rule apart from what only checks the model") {
    const bench::Table table = bench::timing_table(nullptr);
    REQUIRE(table.headers == std::vector<std::string>{"what", "chip", "published", "model", "off %",
                                                      "with flash", "with flash off %", "role",
                                                      "how"});
    int held_out = 0;
    for (const std::vector<std::string>& row : table.rows) {
      CAPTURE(row[0]);
      if (row[7] != "held out") continue;
      ++held_out;
      CHECK(std::abs(std::stod(row[4])) < 6.3);
    }
    CHECK(held_out == 5);
    CHECK(table.rows[0] == std::vector<std::string>{
                               "nrfx's delay loop, one iteration", "Cortex-M4", "3", "3", "+0.0",
                               "3", "+0.0", "settled the refill of a taken branch", "run here"});
  }
}
