#include "bench/table.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "nn/json_text.h"

using namespace pare;
using bench::Format;
using bench::format_table;
using bench::Table;

namespace {

Table by_hand() {
  return {{"variant", "flash B", "MSE"},
          {false, true, true},
          {{"float32", "1524", "1.78e-05"}, {"int8", "980", "-"}}};
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
  const auto json = nn::parse_json(format_table(table, Format::json));
  CHECK(json[0]["a|b"] == "one, \"two\"");
  CHECK(json[1]["c"] == "three\r");
}

TEST_CASE("JSON has null for a number that is none") {
  const Table table{{"max diff"}, {true}, {{"nan"}, {"inf"}, {"-inf"}, {"0"}}};
  const auto json = nn::parse_json(format_table(table, Format::json));
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

TEST_CASE("text that is wider than it may be goes on below, under the first column again") {
  const Table table{{"variant", "flash B", "MSE", "cv"},
                    {false, true, true, true},
                    {{"float32", "1524", "1.8e-05 ± 2e-06", "0.1"}, {"int8", "980", "-", "0.2"}}};
  const std::string two_blocks =
      "         flash\n"
      "variant      B              MSE\n"
      "float32   1524  1.8e-05 ± 2e-06\n"
      "int8       980                -\n"
      "\n"
      "variant   cv\n"
      "float32  0.1\n"
      "int8     0.2\n";
  CHECK(format_table(table, Format::text, 35) == two_blocks);
  CHECK(format_table(table, Format::text, 31) == two_blocks);
  const std::string one_block =
      "         flash\n"
      "variant      B              MSE   cv\n"
      "float32   1524  1.8e-05 ± 2e-06  0.1\n"
      "int8       980                -  0.2\n";
  CHECK(format_table(table, Format::text, 36) == one_block);
  CHECK(format_table(table, Format::text) == one_block);
  CHECK(format_table(table, Format::text, 30).find("\n\nvariant              MSE") !=
        std::string::npos);
  CHECK(format_table(table, Format::text, 1).starts_with("         flash\nvariant      B\n"));
  CHECK(format_table(table, Format::csv, 10) == format_table(table, Format::csv));
}
