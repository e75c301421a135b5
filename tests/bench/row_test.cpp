#include "bench/row.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "nn/json_text.h"

using namespace pare;
using bench::Row;
using Json = nlohmann::json;

namespace {

std::vector<bench::Column> columns_of(const Row& row) { return bench::columns({&row, 1}); }

/// Every number another one, so that no two places can be mistaken for each other.
Row full_row() {
  Row row;
  row.name = "int8";
  row.passes = {"magnitude_prune", "quantize_int8"};
  row.encodings = {"dense int8"};
  row.boards["nano33ble"].excess = "flash 980 > 900";
  row.boards["pico"];
  double next = 1;
  for (const bench::Column& column : columns_of(row)) column.set(row, next++);
  return row;
}

}  // namespace

TEST_CASE("a row is the same after a round trip through JSON") {
  const Row row = full_row();
  const Row again = bench::row_from_json(nn::parse_json(nn::json_text(bench::to_json(row))));
  CHECK(again.name == row.name);
  CHECK(again.passes == row.passes);
  CHECK(again.encodings == row.encodings);
  CHECK(again.boards.size() == 2);
  CHECK(again.boards.at("nano33ble").excess == "flash 980 > 900");
  CHECK(bench::excess(again) == "nano33ble: flash 980 > 900");
  CHECK(columns_of(again).size() == columns_of(row).size());
  for (const bench::Column& column : columns_of(row)) {
    CAPTURE(column.pointer);
    CHECK(column.of(again).has_value());
    CHECK(column.of(again) == column.of(row));
  }
}

TEST_CASE("what was not measured is null in JSON, and empty again when it is read") {
  Row row;
  row.name = "float";
  row.boards["nano33ble"];
  const Json json = bench::to_json(row);
  CHECK(json["passes"] == Json::array());
  CHECK(json["boards"]["nano33ble"]["over_budget"].is_null());
  const Row again = bench::row_from_json(json);
  CHECK(bench::excess(again).empty());
  for (const bench::Column& column : columns_of(row)) {
    CAPTURE(column.pointer);
    CHECK(json.at(Json::json_pointer(column.pointer)).is_null());
    CHECK_FALSE(column.of(again).has_value());
  }
}

TEST_CASE("a row has every number of the results schema, whole numbers as integers") {
  Row row = full_row();
  row.accuracy["mse"] = 0.5;
  row.boards["nano33ble"].max_difference = 1.25e-7;
  const Json json = bench::to_json(row);
  for (const char* pointer :
       {"/parameters", "/nonzero", "/macs", "/weights_bytes", "/boards/nano33ble/flash_bytes",
        "/boards/nano33ble/ram_bytes", "/boards/pico/stack_bytes", "/boards/pico/instructions",
        "/boards/nano33ble/cycles_estimate", "/boards/nano33ble/validated/vectors",
        "/boards/nano33ble/validated/bit_exact"}) {
    CAPTURE(pointer);
    REQUIRE(json.contains(Json::json_pointer(pointer)));
    CHECK(json.at(Json::json_pointer(pointer)).is_number_integer());
  }
  for (const char* pointer : {"/accuracy/mse", "/accuracy/top1", "/latency/host_ns_median",
                              "/latency/host_ns_cv", "/boards/nano33ble/us_estimate"}) {
    CAPTURE(pointer);
    REQUIRE(json.contains(Json::json_pointer(pointer)));
    CHECK(json.at(Json::json_pointer(pointer)).is_number_float());
  }
  CHECK(json["accuracy"]["mse"] == 0.5);
  CHECK(json["boards"]["nano33ble"]["validated"]["max_difference"] == 1.25e-7);
}

TEST_CASE("every column has a place, a number and a title of its own") {
  std::set<std::string> pointers;
  std::set<std::string> headers;
  std::size_t titled = 0;
  const std::vector<bench::Column> columns = bench::columns(mcu::boards());
  for (const bench::Column& column : columns) {
    pointers.insert(column.pointer);
    if (!column.header.empty()) {
      headers.insert(column.header);
      ++titled;
    }
    Row row;
    column.set(row, 1);
    for (const bench::Column& other : columns) {
      CHECK(other.of(row).has_value() == (other.pointer == column.pointer));
    }
  }
  CHECK(pointers.size() == columns.size());
  CHECK(headers.size() == titled);
  CHECK(headers.count("variant") == 0);
}

TEST_CASE("JSON that is no row is refused with what is missing or wrong") {
  Json json = bench::to_json(full_row());
  json.erase("name");
  CHECK_THROWS_WITH_AS(bench::row_from_json(json), "not the results of a variant: it has no /name",
                       std::invalid_argument);
  json = bench::to_json(full_row());
  json.erase("nonzero");
  CHECK_THROWS_WITH(bench::row_from_json(json), "not the results of a variant: it has no /nonzero");
  json = bench::to_json(full_row());
  json["boards"]["pico"]["flash_bytes"] = "many";
  CHECK_THROWS_WITH(bench::row_from_json(json),
                    "not the results of a variant: its /boards/pico/flash_bytes is \"many\"");
}
