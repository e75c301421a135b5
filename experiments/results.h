#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/row.h"
#include "experiments/config.h"

namespace pare::experiments {

/// What an experiment gave: what its results folder holds.
struct Results {
  std::string experiment;
  std::uint64_t seed = 0;
  std::string config;  ///< resolved, as TOML
  nlohmann::json environment;
  nlohmann::json layers;  ///< of the base model: shapes, parameters, bytes
  std::vector<bench::Row> rows;
  std::vector<nn::Model> models;  ///< one a row
  /// What the reader must know, such as a variant that does not fit.
  std::vector<std::string> notes = {};
  bool all_agree = true;  ///< every board that ran gave what the reference gives
};

/// Throws std::invalid_argument if `folder` holds something that is not a results folder.
void check_target(const std::filesystem::path& folder);

/// Writes the whole folder beside `folder` and swaps it in at once: config.toml, environment.json,
/// results.json, table.md, table.csv, models/<variant>.safetensors. Until then what was there stays
/// whole. Throws std::runtime_error if it cannot be written.
void write_results(const Results& results, const std::filesystem::path& folder);

/// results.json of a folder. Throws std::invalid_argument if it is not a results folder.
nlohmann::json read_results(const std::filesystem::path& folder);

/// The rows of results.json.
std::vector<bench::Row> read_rows(const std::filesystem::path& folder);

/// Puts `row` in the place of the one with its name in results.json and both tables, each written
/// beside and renamed.
void update_row(const std::filesystem::path& folder, const bench::Row& row);

/// One variant of a results folder, with its model and its experiment's data.
struct StoredVariant {
  bench::Row row;
  nn::Model model;
  nn::Split data;
};

/// Throws std::invalid_argument on an unknown variant, naming those there are, and
/// std::runtime_error on a damaged model file.
StoredVariant load_variant(const std::filesystem::path& folder, const std::string& variant);

}  // namespace pare::experiments
