#include "bench/table.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

using namespace pare;
using bench::Format;
using bench::format_table;
using bench::Row;
using bench::Table;

namespace {

Table by_hand() {
  return {{"variant", "flash B", "MSE"},
          {false, true, true},
          {{"float32", "1524", "1.78e-05"}, {"int8", "980", "-"}}};
}

Row row(const std::string& name, Row::Number flash_bytes) {
  Row result;
  result.name = name;
  result.flash_bytes = flash_bytes;
  return result;
}

std::string names(const std::vector<Row>& rows) {
  std::string all;
  for (const Row& r : rows) all += r.name;
  return all;
}

}  // namespace

TEST_CASE("text wraps the titles to their numbers, and aligns numbers to the right") {
  CHECK(format_table(by_hand(), Format::text) ==
        "         flash\n"
        "variant      B       MSE\n"
        "float32   1524  1.78e-05\n"
        "int8       980         -\n");
}

TEST_CASE("Markdown says in its second line which columns are numbers") {
  CHECK(format_table(by_hand(), Format::markdown) ==
        "| variant | flash B |      MSE |\n"
        "|---------|--------:|---------:|\n"
        "| float32 |    1524 | 1.78e-05 |\n"
        "| int8    |     980 |        - |\n");
}

TEST_CASE("CSV leaves a cell empty where there is no number") {
  CHECK(format_table(by_hand(), Format::csv) ==
        "variant,flash B,MSE\n"
        "float32,1524,1.78e-05\n"
        "int8,980,\n");
}

TEST_CASE("JSON has numbers as numbers, and null where there is none") {
  CHECK(format_table(by_hand(), Format::json) ==
        "[\n"
        "  {\n"
        "    \"variant\": \"float32\",\n"
        "    \"flash B\": 1524,\n"
        "    \"MSE\": 1.78e-05\n"
        "  },\n"
        "  {\n"
        "    \"variant\": \"int8\",\n"
        "    \"flash B\": 980,\n"
        "    \"MSE\": null\n"
        "  }\n"
        "]\n");
}

TEST_CASE("text has no blanks at the end of a line") {
  const Table table{{"a", "b"}, {false, false}, {{"1", "long"}, {"2", "x"}}};
  CHECK(format_table(table, Format::text) == "a  b\n1  long\n2  x\n");
}

TEST_CASE("a cell that holds what a format is made of does not break the table") {
  const Table table{{"a|b", "c"}, {false, false}, {{"one, \"two\"", "x|y|z"}, {"", "three\r"}}};
  CHECK(format_table(table, Format::csv) ==
        "a|b,c\n"
        "\"one, \"\"two\"\"\",x|y|z\n"
        ",\"three\r\"\n");
  CHECK(format_table(table, Format::markdown)
            .starts_with("| a\\|b       | c       |\n"
                         "|------------|---------|\n"
                         "| one, \"two\" | x\\|y\\|z |\n"));
  const auto json = nlohmann::json::parse(format_table(table, Format::json));
  CHECK(json[0]["a|b"] == "one, \"two\"");
  CHECK(json[1]["c"] == "three\r");
}

TEST_CASE("JSON has null for a number that is none") {
  const Table table{{"max diff"}, {true}, {{"nan"}, {"inf"}, {"-inf"}, {"0"}}};
  const auto json = nlohmann::json::parse(format_table(table, Format::json));
  CHECK(json[0]["max diff"].is_null());
  CHECK(json[1]["max diff"].is_null());
  CHECK(json[2]["max diff"].is_null());
  CHECK(json[3]["max diff"] == 0);
}

TEST_CASE("a table without rows is its titles") {
  const Table table{{"variant"}, {false}, {}};
  CHECK(format_table(table, Format::text) == "variant\n");
  CHECK(format_table(table, Format::csv) == "variant\n");
  CHECK(format_table(table, Format::json) == "[]\n");
}

TEST_CASE("comparison_table leaves out what no variant has a number for") {
  std::vector<Row> rows{row("a", 10), row("b", {})};
  rows[1].host_ns_cv = 0.12345;
  rows[1].mse = 0;
  const Table table = bench::comparison_table(rows);
  CHECK(table.headers == std::vector<std::string>{"variant", "flash B", "MSE", "cv"});
  CHECK(table.numeric == std::vector<bool>{false, true, true, true});
  CHECK(table.rows ==
        std::vector<std::vector<std::string>>{{"a", "10", "-", "-"}, {"b", "-", "0", "0.123"}});
}

TEST_CASE("sort_rows puts the smallest first, those without a number last, and keeps ties") {
  std::vector<Row> rows{row("d", {}), row("c", 30), row("b", 4), row("e", 30), row("a", {})};
  bench::sort_rows(rows, "flash B");
  CHECK(names(rows) == "bceda");
  bench::sort_rows(rows, "variant");
  CHECK(names(rows) == "abcde");
}

TEST_CASE("sort_rows refuses a column that there is not, and says which there are") {
  std::vector<Row> rows;
  for (const char* header : {"flash", "", "Variant"}) {
    const std::string start =
        "no column is called '" + std::string(header) + "'; there are: variant, params, ";
    try {
      bench::sort_rows(rows, header);
      FAIL("it sorted");
    } catch (const std::invalid_argument& error) {
      CHECK(std::string(error.what()).starts_with(start));
    }
  }
}
