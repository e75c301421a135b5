#include "bench/notes.h"

#include <doctest/doctest.h>

using namespace pare;
using bench::collect_notes;
using bench::Row;

namespace {

Row noted(const std::string& name, const std::string& note) {
  Row row;
  row.name = name;
  row.note = note;
  return row;
}

}  // namespace

TEST_CASE("a row in short has what was measured, and its note") {
  Row row;
  row.weights_bytes = 556;
  row.accuracy["mse"] = 0.000125;
  bench::BoardRow& figures = row.boards["nano33ble"];
  figures.flash_bytes = 1068;
  figures.flash_cycles_estimate = 859;
  figures.vectors = figures.bit_exact = 1000;
  figures.max_difference = 0;
  CHECK(bench::summarize(row) ==
        "556 B of weights, MSE 1.25e-04, 1068 B of flash, 859 cycles est., 1000 of 1000 bit-exact");
  row.boards["esp32c3"].flash_bytes = 900;
  CHECK(bench::summarize(row) ==
        "556 B of weights, MSE 1.25e-04, on nano33ble, 1068 B of flash, 859 cycles est., 1000 of "
        "1000 bit-exact, on esp32c3, 900 B of flash");
  Row classes;
  classes.weights_bytes = 12;
  classes.accuracy["mse"] = 0.5;
  classes.accuracy["top1"] = 98.765;
  classes.note = "flash 2 > 1";
  CHECK(bench::summarize(classes) == "12 B of weights, top-1 98.77 %, flash 2 > 1");
  CHECK(bench::summarize(noted("a", "it failed")) == "it failed");
}

TEST_CASE("notes name the seeds that they hold for, unless they hold for all") {
  CHECK(collect_notes({{noted("a", ""), noted("a", "")}}, {1, 2}).empty());
  CHECK(collect_notes({{noted("a", "x"), noted("a", "x")}, {noted("b", "y"), noted("b", "")}},
                      {1, 2}) == std::vector<std::string>{"a: x", "b, seed 1: y"});
  CHECK(collect_notes({{noted("a", "x"), noted("a", "y"), noted("a", "x")}}, {5, 6, 7}) ==
        std::vector<std::string>{"a, seed 5 and 7: x", "a, seed 6: y"});
}
