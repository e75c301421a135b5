#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bench/comparison.h"
#include "compress/pass.h"
#include "nn/json_text.h"
#include "tests/experiments/program.h"
#include "tests/experiments/sample_results.h"

using namespace pare;
using tests::ResultsFolder;
using tests::run_pare;

namespace {

std::vector<std::string> lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> result;
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

/// The cells of one CSV line that has no quotes.
std::vector<std::string> csv_cells(const std::string& line) {
  std::vector<std::string> cells{""};
  for (const char c : line) {
    if (c == ',') {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

}  // namespace

TEST_CASE("table prints the same columns and numbers in every format") {
  const ResultsFolder results;
  const std::vector<std::string> headers =
      bench::comparison_table(experiments::read_rows(results.path()).variants, bench::Format::text)
          .headers;
  const auto host_ns = static_cast<std::size_t>(
      std::find(headers.begin(), headers.end(), "host ns") - headers.begin());
  const auto print = [&](const char* format) {
    return run_pare({"table", results.path(), "--format", format, "--sort", "weights B"}).out;
  };

  const std::vector<std::string> csv = lines(print("csv"));
  REQUIRE(csv.size() == 3);
  CHECK(csv_cells(csv[0]) == headers);
  const std::vector<std::string> int8 = csv_cells(csv[1]);
  const std::vector<std::string> floats = csv_cells(csv[2]);

  const nlohmann::ordered_json json = nn::parse_ordered_json(print("json"));
  REQUIRE(json.size() == 2);
  std::vector<std::string> keys;
  for (const auto& [key, value] : json[0].items()) keys.push_back(key);
  CHECK(keys == headers);
  CHECK(json[0]["variant"] == int8[0]);
  CHECK(json[0]["weights B"] == 33);
  CHECK(json[0]["host ns"].is_null());
  CHECK(json[1]["host ns"] == std::stod(floats[host_ns]));

  const std::string md = print("md");
  for (const std::string& line : lines(md)) {
    CHECK(std::count(line.begin(), line.end(), '|') == std::ptrdiff_t(headers.size()) + 1);
  }
  CHECK(md.find("int8") < md.find("float"));
  const std::string text = print("text");
  CHECK(text == run_pare({"table", results.path(), "--sort", "weights B"}).out);
  CHECK(text.find("int8") < text.find("float"));
  CHECK(text.find('|') == std::string::npos);
}

TEST_CASE("passes lists every pass and option, with its default and range, in every format") {
  const nlohmann::json json = nn::parse_json(run_pare({"passes", "--format", "json"}).out);
  for (const char* format : {"text", "md", "csv", "json"}) {
    CAPTURE(format);
    const tests::ProgramResult result = run_pare({"passes", "--format", format});
    CHECK(result.exit_code == 0);
    CHECK(result.err.empty());
    for (const std::string_view pass : compress::pass_names()) {
      CHECK(result.out.find(pass) != std::string::npos);
    }
  }
  for (const std::string_view pass : compress::pass_names()) {
    for (const compress::OptionDoc& doc : compress::make_step(pass).options) {
      const auto found = std::find_if(json.begin(), json.end(), [&](const auto& row) {
        return row.at("pass") == pass && row.at("option") == doc.name;
      });
      CAPTURE(doc.name);
      REQUIRE(found != json.end());
      CHECK(found->at("default") == doc.fallback);
      CHECK(found->at("range") == doc.range);
      CHECK(found->at("meaning") == doc.help);
    }
  }
}

TEST_CASE("passes with a name lists that pass alone") {
  const std::string all = run_pare({"passes"}).out;
  const std::string one = run_pare({"passes", "low_rank"}).out;
  CHECK(one.starts_with("low_rank: "));
  CHECK(all.find("\n\n" + one) != std::string::npos);
  CHECK(one.find("\n\n") == one.size() - 2);
  for (const auto& row : nn::parse_json(run_pare({"passes", "low_rank", "--format", "json"}).out)) {
    CHECK(row.at("pass") == "low_rank");
  }
  CHECK(tests::refusal({"passes", "lowrank"}) ==
        fmt::format("pare: unknown pass 'lowrank'; known: {}; did you mean 'low_rank'?\n",
                    fmt::join(compress::pass_names(), ", ")));
}
