#include "experiments/results_json.h"

#include <fmt/format.h>

#include <stdexcept>

namespace pare::experiments {
namespace {

using Json = nlohmann::json;

Json variant_to_json(const bench::SeedRows& rows, const std::vector<std::uint64_t>& seeds) {
  if (seeds.size() == 1) return bench::to_json(rows.front());
  Json json = bench::to_json(bench::mean_row(rows));
  json["sd"] = bench::numbers_to_json(bench::sd_row(rows));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Json row = bench::to_json(rows[i]);
    row["seed"] = seeds[i];
    json["seeds"].push_back(std::move(row));
  }
  return json;
}

bench::SeedRows variant_from_json(const Json& json, const std::vector<std::uint64_t>& seeds) {
  if (seeds.size() == 1) return {bench::row_from_json(json)};
  bench::SeedRows rows;
  for (const Json& row : json.value("seeds", Json::array())) {
    rows.push_back(bench::row_from_json(row));
  }
  if (rows.size() == seeds.size()) return rows;
  throw std::invalid_argument(fmt::format("not the results of a variant: it has {} of {} seeds",
                                          rows.size(), seeds.size()));
}

std::vector<std::uint64_t> seeds_from_json(const Json& json) {
  std::vector<std::uint64_t> seeds;
  try {
    if (json.contains("seed")) return {json["seed"].get<std::uint64_t>()};
    seeds = json.value("seeds", seeds);
  } catch (const Json::exception&) {  // of another type: as if there were none
  }
  if (seeds.empty()) throw std::invalid_argument("it holds no seed");
  return seeds;
}

}  // namespace

Json to_json(const Results& results) {
  Json json{{"experiment", results.experiment},
            {"environment", results.environment},
            {"layers", results.layers},
            {"variants", variants_to_json({results.seeds, results.rows})}};
  if (results.seeds.size() == 1) {
    json["seed"] = results.seeds.front();
  } else {
    json["seeds"] = results.seeds;
  }
  return json;
}

Json variants_to_json(const StoredRows& rows) {
  Json variants = Json::array();
  for (const bench::SeedRows& variant : rows.variants) {
    variants.push_back(variant_to_json(variant, rows.seeds));
  }
  return variants;
}

StoredRows rows_from_json(const Json& json) {
  if (!json.is_object() || !json.contains("variants") || !json["variants"].is_array()) {
    throw std::invalid_argument("it holds no list of variants");
  }
  StoredRows rows{seeds_from_json(json), {}};
  for (const Json& variant : json["variants"]) {
    try {
      rows.variants.push_back(variant_from_json(variant, rows.seeds));
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(
          fmt::format("variant {} is {}", rows.variants.size() + 1, error.what()));
    }
  }
  return rows;
}

}  // namespace pare::experiments
