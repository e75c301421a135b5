// Results folders of several seeds.
#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>

#include "experiments/results.h"
#include "nn/forward.h"
#include "nn/json_text.h"
#include "tests/experiments/sample_results.h"

using namespace pare;
using namespace pare::experiments;
namespace fs = std::filesystem;
using tests::read_file;
using tests::ResultsFolder;

namespace {

nlohmann::json results_json(const fs::path& folder) {
  return nn::parse_json(read_file(folder / "results.json"));
}

void overwrite(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace

TEST_CASE("results over seeds hold means, deviations and each seed's numbers and models") {
  const ResultsFolder results(tests::sample_results_of_two_seeds());
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(results.path())) {
    if (!entry.is_regular_file()) continue;
    files.push_back(fs::relative(entry.path(), results.path()).string());
  }
  std::sort(files.begin(), files.end());
  CHECK(files == std::vector<std::string>{
                     "config.toml", "environment.json", "models/seed-3/float.safetensors",
                     "models/seed-3/int8.safetensors", "models/seed-5/float.safetensors",
                     "models/seed-5/int8.safetensors", "results.json", "table.csv", "table.md"});
  const nlohmann::json json = results_json(results.path());
  CHECK(json["seeds"] == nlohmann::json{3, 5});
  CHECK_FALSE(json.contains("seed"));
  const nlohmann::json& variant = json["variants"][0];
  CHECK(variant["name"] == "float");
  CHECK(variant["parameters"] == 13);
  CHECK(variant["accuracy"]["mse"] == doctest::Approx(0.0015));
  CHECK(variant["sd"]["parameters"] == 0);
  CHECK(variant["sd"]["accuracy"]["mse"] == doctest::Approx(0.00070710678));
  CHECK(variant["sd"]["boards"]["nano33ble"]["flash_bytes"].is_null());
  REQUIRE(variant["seeds"].size() == 2);
  CHECK(variant["seeds"][0]["seed"] == 3);
  CHECK(variant["seeds"][0]["accuracy"]["mse"] == 0.001);
  CHECK(variant["seeds"][1]["seed"] == 5);
  CHECK(variant["seeds"][1]["accuracy"]["mse"] == 0.002);
}

TEST_CASE("rows and models over seeds are read as they were written") {
  const ResultsFolder results(tests::sample_results_of_two_seeds());
  const Results written = tests::sample_results_of_two_seeds();
  const StoredRows rows = read_rows(results.path());
  CHECK(rows.seeds == written.seeds);
  REQUIRE(rows.variants.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    REQUIRE(rows.variants[i].size() == 2);
    for (std::size_t seed = 0; seed < 2; ++seed) {
      const bench::Row& row = rows.variants[i][seed];
      CHECK(bench::to_json(row) == bench::to_json(written.rows[i][seed]));
      const StoredVariant stored = load_variant(results.path(), row.name, rows.seeds[seed]);
      CHECK(stored.seed == rows.seeds[seed]);
      CHECK(nn::forward(stored.artefact.model, stored.data.test.inputs) ==
            nn::forward(written.models[i][seed], stored.data.test.inputs));
    }
  }
  CHECK(load_variant(results.path(), "int8").seed == 3);
  CHECK(load_variant(results.path(), "int8").label == "int8, seed 3,");
}

TEST_CASE("update_row changes the row of one seed, and the means with it") {
  const ResultsFolder results(tests::sample_results_of_two_seeds());
  StoredVariant stored = load_variant(results.path(), "int8", 5);
  stored.row.accuracy["mse"] = 0.003;
  update_row(results.path(), 5, stored.row);
  const nlohmann::json variant = results_json(results.path())["variants"][1];
  CHECK(variant["seeds"][0]["accuracy"]["mse"] == 0.001);
  CHECK(variant["seeds"][1]["accuracy"]["mse"] == 0.003);
  CHECK(variant["accuracy"]["mse"] == doctest::Approx(0.002));
  CHECK(read_file(fs::path(results.path()) / "table.md").find("2.0e-03 ± 1e-03") !=
        std::string::npos);
}

TEST_CASE("results.json without seeds, or with too few rows of one, is refused") {
  const ResultsFolder results(tests::sample_results_of_two_seeds());
  const fs::path path = fs::path(results.path()) / "results.json";
  const nlohmann::json whole = nn::parse_json(read_file(path));
  const std::string again = "; './pare run CONFIG' writes it anew";
  nlohmann::json json = whole;
  json["variants"][1]["seeds"].erase(1);
  overwrite(path, nn::json_text(json));
  CHECK_THROWS_WITH(
      read_rows(results.path()),
      (path.string() +
       " is damaged: variant 2 is not the results of a variant: it has 1 of 2 seeds" + again)
          .c_str());
  for (const char* seeds : {"[]", "3", "[\"a\"]"}) {
    json = whole;
    json["seeds"] = nn::parse_json(seeds);
    overwrite(path, nn::json_text(json));
    CHECK_THROWS_WITH(read_rows(results.path()),
                      (path.string() + " is damaged: it holds no seed" + again).c_str());
  }
}
