#include "bench/spread.h"

#include <doctest/doctest.h>

using namespace pare::bench;
using doctest::Approx;

namespace {

const Column kMse{.pointer = "/mse", .header = "MSE", .metric = "mse"};

SeedRows rows_of(const std::vector<Number>& mse) {
  SeedRows rows;
  for (const Number& value : mse) {
    rows.emplace_back();
    if (value) rows.back().accuracy["mse"] = *value;
    rows.back().name = "a";
    rows.back().passes = {"quantize_int8"};
    rows.back().encodings = {"dense int8"};
  }
  return rows;
}

}  // namespace

TEST_CASE("the standard deviation is that of a sample: the squares over n - 1") {
  const Spread two = spread(std::vector<double>{1, 3});
  CHECK(two.mean == 2);
  CHECK(two.sd == Approx(1.4142135623730951).epsilon(1e-12));
  const Spread five = spread(std::vector<double>{2, 4, 4, 4, 6});
  CHECK(five.mean == 4);
  CHECK(five.sd == Approx(1.4142135623730951).epsilon(1e-12));
}

TEST_CASE("values that are equal have exactly no spread, however they would round") {
  const Spread equal = spread(std::vector<double>{0.1, 0.1, 0.1});
  CHECK(equal.mean == 0.1);
  CHECK(equal.sd == 0);
  CHECK(spread(std::vector<double>{7}).mean == 7);
  CHECK(spread(std::vector<double>{7}).sd == 0);
}

TEST_CASE("a difference is taken seed by seed, so that what both share is no spread") {
  const auto difference = paired_difference(rows_of({11, 21, 31}), rows_of({10, 20, 30}), kMse);
  REQUIRE(difference);
  CHECK(difference->mean == 1);
  CHECK(difference->sd == 0);
  CHECK_FALSE(paired_difference(rows_of({1, {}}), rows_of({1, 2}), kMse));
  CHECK_FALSE(paired_difference(rows_of({1, 2}), rows_of({{}, 2}), kMse));
}

TEST_CASE("a difference up to its standard deviation, of either sign, is within the spread") {
  CHECK(within_spread({0.1, 0.1}));
  CHECK(within_spread({-0.1, 0.2}));
  CHECK_FALSE(within_spread({0.3, 0.2}));
  CHECK_FALSE(within_spread({-0.3, 0.2}));
  CHECK_FALSE(within_spread({0, 0}));  // the same model
}

TEST_CASE("the mean and the spread of rows leave out what a seed lacks or sees otherwise") {
  SeedRows rows = rows_of({1, 2, 6});
  for (Row& row : rows) row.boards["pico"].flash_bytes = 10;
  rows[1].boards["pico"].flash_bytes.reset();
  rows[2].encodings = {"sparse int8"};
  const Row mean = mean_row(rows);
  CHECK(mean.name == "a");
  CHECK(mean.passes == std::vector<std::string>{"quantize_int8"});
  CHECK(mean.encodings.empty());
  CHECK(mean.score("mse") == 3);
  CHECK_FALSE(mean.boards.at("pico").flash_bytes.has_value());
  CHECK(*sd_row(rows).score("mse") == Approx(2.6457513110645907).epsilon(1e-12));
  CHECK_FALSE(sd_row(rows).boards["pico"].flash_bytes.has_value());
}
