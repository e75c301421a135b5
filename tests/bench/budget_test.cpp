#include "bench/budget.h"

#include <doctest/doctest.h>

#include "bench/comparison.h"

using namespace pare;
using bench::find_excess;

namespace {

bench::BoardRow figures() {
  bench::BoardRow figures;
  figures.flash_bytes = 980;
  figures.ram_bytes = 64;
  figures.cycles_estimate = 2000;
  figures.flash_cycles_estimate = 2958;
  return figures;
}

bench::Row row(const std::string& excess = "") {
  bench::Row row;
  row.name = "int8";
  row.boards["nano33ble"] = figures();
  row.boards["nano33ble"].excess = excess;
  return row;
}

}  // namespace

TEST_CASE("what is more than its limit is named with both figures") {
  CHECK(find_excess(figures(), {.flash_bytes = 979}) == "flash 980 > 979");
  CHECK(find_excess(figures(), {.ram_bytes = 32}) == "RAM 64 > 32");
  CHECK(find_excess(figures(), {.cycles = 2957}) == "cycles 2958 > 2957");
  CHECK(find_excess(figures(), {.flash_bytes = 10, .ram_bytes = 20, .cycles = 30}) ==
        "flash 980 > 10, RAM 64 > 20, cycles 2958 > 30");
}

TEST_CASE("a budget's flash and cycles are bounds of what encodings are chosen for") {
  const mcu::Goal goal = bench::goal_within({.flash_bytes = 980, .ram_bytes = 64, .cycles = 2958},
                                            mcu::Optimize::size);
  CHECK(goal.optimize == mcu::Optimize::size);
  CHECK(goal.flash_bytes == 980);
  CHECK(goal.cycles == 2958);
}

TEST_CASE("no limit, a limit that is just met, and a number that was not measured are not over") {
  CHECK(find_excess(figures(), {}) == "");
  CHECK(find_excess(figures(), {.flash_bytes = 980, .ram_bytes = 64, .cycles = 2958}) == "");
  CHECK(find_excess({}, {.flash_bytes = 1, .ram_bytes = 1, .cycles = 1}) == "");
}

TEST_CASE("the table marks what is over budget, and has no such column where nothing is") {
  const bench::Row over = row("flash 980 > 900");
  const bench::Table marked = bench::comparison_table({{row()}, {over}}, bench::Format::text, "");
  CHECK(marked.headers.back() == "over budget");
  CHECK(marked.rows[0].back() == "-");
  CHECK(marked.rows[1].back() == "flash 980 > 900");
  const bench::Table clean = bench::comparison_table({{row()}, {row()}}, bench::Format::text, "");
  CHECK(clean.headers.back() != "over budget");
}

TEST_CASE("over several seeds a variant is over budget if it is with any") {
  const bench::Row over = row("flash 980 > 900");
  const bench::SeedRows seeds{row(), over};
  CHECK(bench::first_excess(seeds) == "flash 980 > 900");
  CHECK(bench::excess(bench::mean_row(seeds)) == "flash 980 > 900");
  CHECK(bench::excess(bench::mean_row({row(), row()})) == "");
}

TEST_CASE("with several boards each one's excess is said with its name") {
  bench::Row both = row("flash 980 > 900");
  both.boards["pico"] = {};
  CHECK(bench::excess(both) == "nano33ble: flash 980 > 900");
  both.boards["pico"].excess = "RAM 2 > 1";
  CHECK(bench::excess(both) == "nano33ble: flash 980 > 900; pico: RAM 2 > 1");
}
