#include "bench/comparison.h"

#include <doctest/doctest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "nn/json_text.h"

using namespace pare;
using bench::BoardRow;
using bench::comparison_table;
using bench::Format;
using bench::format_comparison;
using bench::Number;
using bench::Row;
using bench::SeedRows;
using bench::Table;

namespace {

using Cells = std::vector<std::string>;

/// A variant whose rows have one number each.
SeedRows variant(const std::string& name, Number Row::*member, const std::vector<Number>& values) {
  SeedRows rows;
  for (const Number& value : values) {
    rows.emplace_back().name = name;
    rows.back().*member = value;
  }
  return rows;
}

/// The score by one metric each.
SeedRows variant(const std::string& name, const char* metric, const std::vector<Number>& values) {
  SeedRows rows;
  for (const Number& value : values) {
    rows.emplace_back().name = name;
    if (value) rows.back().accuracy[metric] = *value;
  }
  return rows;
}

/// One number of a board each.
SeedRows variant(const std::string& name, Number BoardRow::*member,
                 const std::vector<Number>& values, const std::string& board = "nano33ble") {
  SeedRows rows;
  for (const Number& value : values) {
    rows.emplace_back().name = name;
    rows.back().boards[board].*member = value;
  }
  return rows;
}

SeedRows flash(const std::string& name, Number bytes) {
  return variant(name, &BoardRow::flash_bytes, {bytes});
}

/// Two variants over three seeds: int8 is worse by 0.3, 0.4 and 0.2; qat better by 0.1, -0.1 and
/// 0.1.
std::vector<SeedRows> three_seeds() {
  std::vector<SeedRows> variants{variant("float32", "top1", {90.0, 90.5, 91.0}),
                                 variant("int8", "top1", {89.7, 90.1, 90.8}),
                                 variant("qat", "top1", {90.1, 90.4, 91.1})};
  for (SeedRows& rows : variants) {
    for (Row& row : rows) row.parameters = 321;
  }
  return variants;
}

Cells column(const Table& table, const std::string& header) {
  for (std::size_t c = 0; c < table.headers.size(); ++c) {
    if (table.headers[c] != header) continue;
    Cells cells;
    for (const auto& row : table.rows) cells.push_back(row[c]);
    return cells;
  }
  return {"no such column"};
}

std::string sorted_names(const std::vector<SeedRows>& variants, std::string_view header) {
  std::string all;
  for (const auto& row : comparison_table(variants, Format::text, header).rows) all += row[0];
  return all;
}

/// How three seeds' values of one number are shown.
template <class Of>
std::string shown(Of of, const std::vector<Number>& values) {
  const Table table = comparison_table({variant("a", of, values)}, Format::text);
  return table.headers.size() < 2 ? "no column" : table.rows[0][1];
}

}  // namespace

TEST_CASE("comparison_table leaves out what no variant has a number for") {
  std::vector<SeedRows> variants{flash("a", 10), flash("b", {})};
  variants[1][0].host_ns_cv = 0.12345;
  variants[1][0].accuracy["mse"] = 0;
  const Table table = comparison_table(variants, Format::text);
  CHECK(table.headers == Cells{"variant", "flash B", "MSE", "cv"});
  CHECK(table.numeric == std::vector<bool>{false, true, true, true});
  CHECK(table.rows == std::vector<Cells>{{"a", "10", "-", "-"}, {"b", "-", "0", "0.123"}});
}

TEST_CASE("accuracy of classes has two decimals of a percent") {
  CHECK(shown("top1", {90.41}) == "90.41");
  CHECK(shown("top1", {100}) == "100.00");
}

TEST_CASE("one seed has no spread, no differences and no note, in any format") {
  const std::vector<SeedRows> variants{variant("float32", "top1", {90}),
                                       variant("int8", "top1", {89})};
  for (const Format format : {Format::text, Format::markdown, Format::csv, Format::json}) {
    CHECK(comparison_table(variants, format).headers == Cells{"variant", "top-1 %"});
    CHECK(format_comparison(variants, format) ==
          bench::format_table(comparison_table(variants, format), format));
  }
}

TEST_CASE("numbers that the seeds agree on are shown plain, others with their spread") {
  CHECK(shown(&Row::parameters, {321, 321, 321}) == "321");
  CHECK(shown(&Row::nonzero, {310, 312, 317}) == "313 ± 4");
  CHECK(shown(&Row::nonzero, {312, 312, 312, 312, 312, 312, 312, 312, 312, 313}) == "312.1 ± 0.3");
  CHECK(shown("top1", {90.3, 90.4, 90.5}) == "90.40 ± 0.10");
  CHECK(shown("top1", {90.411, 90.412, 90.413}) == "90.412 ± 0.001");
  CHECK(shown(&Row::host_ns_median, {100, 101, 103}) == "101.3 ± 1.5");
  CHECK(shown("mse", {1e-4, 2e-4, 3e-4}) == "2.0e-04 ± 1e-04");
  CHECK(shown("mse", {1.233e-4, 1.234e-4, 1.235e-4}) == "1.234e-04 ± 1e-07");
  CHECK(shown("mse", {1e-5, 1e-5, 9e-2}) == "3.0e-02 ± 5e-02");
  CHECK(shown("mse", {1e-5, 1e-5, 1e-5}) == "1.00e-05");
}

TEST_CASE("a number that one seed lacks is not averaged over the others") {
  CHECK(shown(&BoardRow::instructions, {100, {}, 102}) == "no column");
  std::vector<SeedRows> variants{variant("a", &BoardRow::instructions, {100, 102}),
                                 variant("b", &BoardRow::instructions, {100, {}})};
  CHECK(column(comparison_table(variants, Format::text), "M4 instr") == Cells{"101 ± 1", "-"});
}

TEST_CASE("over seeds each accuracy is compared with the first variant's, seed by seed") {
  const Table table = comparison_table(three_seeds(), Format::text);
  CHECK(table.headers == Cells{"variant", "params", "top-1 %", "top-1 % vs float32"});
  CHECK(column(table, "params") == Cells{"321", "321", "321"});
  CHECK(column(table, "top-1 %") == Cells{"90.50 ± 0.50", "90.20 ± 0.56", "90.53 ± 0.51"});
  CHECK(column(table, "top-1 % vs float32") == Cells{"0.00", "-0.30 ± 0.10", "~ +0.03 ± 0.12"});
}

TEST_CASE("what is compared stays the first variant of the config, however the table is sorted") {
  const Table table = comparison_table(three_seeds(), Format::text, "top-1 %");
  CHECK(column(table, "variant") == Cells{"int8", "float32", "qat"});
  CHECK(column(table, "top-1 % vs float32") == Cells{"-0.30 ± 0.10", "0.00", "~ +0.03 ± 0.12"});
}

TEST_CASE("errors are compared in their own style") {
  const std::vector<SeedRows> variants{variant("a", "mse", {1e-4, 2e-4}),
                                       variant("b", "mse", {3e-4, 4.2e-4}),
                                       variant("c", "mse", {1e-5, {}})};
  CHECK(column(comparison_table(variants, Format::text), "MSE vs a") ==
        Cells{"0", "+2.1e-04 ± 1e-05", "-"});
}

TEST_CASE("programs get mean and standard deviation in columns of their own") {
  const Table table = comparison_table(three_seeds(), Format::csv);
  CHECK(table.headers == Cells{"variant", "params", "params sd", "top-1 %", "top-1 % sd",
                               "top-1 % vs float32", "top-1 % vs float32 sd"});
  CHECK(table.rows[0] == Cells{"float32", "321", "0", "90.50", "0.50", "0.00", "0"});
  CHECK(table.rows[2] == Cells{"qat", "321", "0", "90.53", "0.51", "0.03", "0.12"});
  const auto json = nn::parse_json(format_comparison(three_seeds(), Format::json));
  CHECK(json[1]["top-1 %"] == 90.20);
  CHECK(json[1]["top-1 % sd"] == 0.56);
  CHECK(json[1]["top-1 % vs float32"] == -0.3);
  CHECK(json[1]["top-1 % vs float32 sd"] == 0.1);
}

TEST_CASE("people are told what the signs of a table over seeds mean") {
  const std::string note =
      "\nMean ± standard deviation over 3 seeds; differences from float32 are taken seed by seed.\n"
      "~ marks a difference within its spread: neither is better.\n";
  CHECK(format_comparison(three_seeds(), Format::text).ends_with("\n" + note));
  CHECK(format_comparison(three_seeds(), Format::markdown).ends_with("|\n" + note));
  CHECK(format_comparison(three_seeds(), Format::csv).ends_with(",0.03,0.12\n"));
}

TEST_CASE("sorting puts the smallest first, those without a number last, and keeps ties") {
  const std::vector<SeedRows> variants{flash("d", {}), flash("c", 30), flash("b", 4),
                                       flash("e", 30), flash("a", {})};
  CHECK(sorted_names(variants, "flash B") == "bceda");
  CHECK(sorted_names(variants, "FLASH b") == "bceda");
  CHECK(sorted_names(variants, "variant") == "abcde");
  CHECK(sorted_names(variants, "Variant") == "abcde");
  CHECK(sorted_names(variants, "") == "dcbea");
}

TEST_CASE("over seeds variants are sorted by their means") {
  const std::vector<SeedRows> variants{variant("a", "mse", {1, 9}), variant("b", "mse", {4, 4})};
  CHECK(sorted_names(variants, "MSE") == "ba");
}

TEST_CASE("sorting by a column that there is not is refused with those that there are") {
  for (const char* header : {"flash", "MSE vs a"}) {
    const std::string start =
        "no column is called '" + std::string(header) + "'; there are: variant, params, ";
    try {
      comparison_table({flash("a", 1)}, Format::text, header);
      FAIL("it sorted");
    } catch (const std::invalid_argument& error) {
      CHECK(std::string(error.what()).starts_with(start));
    }
  }
}

TEST_CASE("the table says how each variant's layers are encoded, as far as its seeds agree") {
  std::vector<SeedRows> variants{flash("a", 10), flash("b", 20), flash("c", 30)};
  variants[0][0].encodings = {"dense int8", "sparse int8", "sparse int8"};
  variants[1][0].encodings = {"4-bit"};
  for (SeedRows& rows : variants) rows.push_back(rows[0]);
  variants[1][1].encodings = {"2-bit"};
  const Table table = comparison_table(variants, Format::text);
  CHECK(column(table, "encodings") == Cells{"dense int8, 2 x sparse int8", "vary", ""});
}

TEST_CASE("numbers beyond all measure are shown, and are no whole numbers of a file") {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<SeedRows> rows{variant("diverged", "mse", {1e308, 1e308, -1e308}),
                                   variant("infinite", "mse", {infinity, infinity, infinity}),
                                   variant("nothing", "mse", {infinity, -infinity, 1.0})};
  for (const Format format : {Format::text, Format::markdown, Format::csv, Format::json}) {
    CHECK(format_comparison(rows, format, {}).find("diverged") != std::string::npos);
  }
  Row row;
  BoardRow& figures = row.boards["nano33ble"];
  figures.cycles_estimate = infinity;
  figures.flash_bytes = 1e300;
  figures.ram_bytes = 12;
  const nlohmann::json json = bench::numbers_to_json(row)["boards"]["nano33ble"];
  CHECK(json["ram_bytes"].is_number_integer());
  CHECK(json["flash_bytes"] == 1e300);
  CHECK(nn::json_text(json["cycles_estimate"]) == "null");
}

TEST_CASE("with several boards each column of a board names it, and a board without it has none") {
  std::vector<SeedRows> variants{flash("a", 10), flash("b", 20)};
  for (SeedRows& rows : variants) {
    rows[0].boards["pico"].flash_bytes = *rows[0].boards["nano33ble"].flash_bytes + 1;
    rows[0].boards["pico"].instructions = 5;
  }
  const Table table = comparison_table(variants, Format::text);
  CHECK(table.headers == Cells{"variant", "nano33ble flash B", "pico flash B", "pico instr"});
  CHECK(column(table, "pico flash B") == Cells{"11", "21"});
  variants[1][0].boards.erase("pico");
  CHECK(column(comparison_table(variants, Format::text), "pico flash B") == Cells{"11", "-"});
  CHECK(sorted_names(variants, "pico flash b") == "ab");
}
