#include "bench/cores.h"

#include <doctest/doctest.h>

#include <array>
#include <map>

#include "bench/kernels.h"
#include "tests/mcu/emulated_boards.h"

using namespace pare;

TEST_CASE("dense int8 layers take no more on any board than they did, and less than portable C++" *
          doctest::test_suite("slow")) {
  // Cycles, or instructions where no cycles are counted: of 128x128, and of MLPerf Tiny's AD model.
  const std::map<std::string_view, std::array<long, 2>> most{
      {"nano33ble", {23064, 363704}}, {"pico", {78090, 1220096}}, {"esp32c3", {57251, 914055}}};
  const std::array models{
      bench::random_int8_model({128, 128}),
      bench::random_int8_model({640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640})};
  for (const mcu::Board* board : tests::emulated_boards()) {
    CAPTURE(board->name);
    const auto cost = [&](const nn::Model& model, bool portable) {
      const mcu::Timing timing = bench::measure_on(*board, model, portable);
      return static_cast<long>(board->emulator->counts_cycles ? timing.cycles
                                                              : timing.instructions);
    };
    for (std::size_t i = 0; i < models.size(); ++i) {
      CHECK(cost(models[i], false) <= most.at(board->name)[i]);
    }
    CHECK(2 * cost(models[0], false) < cost(models[0], true));
  }
}
