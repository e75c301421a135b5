#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bench/spread.h"
#include "experiments/config.h"
#include "mcu/artefact.h"

namespace pare::experiments {

/// What an experiment gave: what its results folder holds.
struct Results {
  std::string experiment;
  std::vector<std::uint64_t> seeds;  ///< at least one
  std::string config;                ///< resolved, as TOML
  nlohmann::json environment;
  nlohmann::json layers;  ///< of the base model: shapes, parameters, bytes
  std::vector<bench::SeedRows> rows;
  std::vector<std::vector<nn::Model>> models;  ///< one a row; without layers where there is none
  std::vector<std::string> notes = {};         ///< of the config and its data; a row has its own
  bool whole = true;  ///< every variant was made and measured, and its board gave what it should
};

/// Throws std::invalid_argument if `folder` holds something that is not a results folder.
void check_target(const std::filesystem::path& folder);

/// Writes the whole folder beside `folder` and swaps it in at once: config.toml, environment.json,
/// results.json, table.md, table.csv, models/<variant>.safetensors, with several seeds
/// models/seed-<seed>/<variant>.safetensors. Until then what was there stays whole. Throws
/// std::runtime_error if it cannot be written.
void write_results(const Results& results, const std::filesystem::path& folder);

/// What results.json holds of the variants and their seeds.
struct StoredRows {
  std::vector<std::uint64_t> seeds;
  std::vector<bench::SeedRows> variants;
};

/// Throws std::invalid_argument if `folder` is not a results folder or its results.json is damaged.
StoredRows read_rows(const std::filesystem::path& folder);

/// Puts `row` in the place of the one with its name and seed in results.json and both tables, each
/// written beside and renamed.
void update_row(const std::filesystem::path& folder, std::uint64_t seed, const bench::Row& row);

/// One variant of a results folder with one seed, with its model and its experiment's data.
struct StoredVariant {
  std::string label;  ///< the variant's name, with the seed where there are several
  std::uint64_t seed;
  bench::Row row;
  nn::Split data;
  mcu::Artefact artefact;   ///< as it was measured, or as --optimize asks for
  bool as_measured;         ///< which of both
  std::string first_board;  ///< of its config
};

/// With the first seed unless `seed` names another, and encoded as it was measured unless
/// `optimize` says otherwise. Throws std::invalid_argument on an unknown variant or seed, naming
/// those there are, and std::runtime_error on a model file that is missing, damaged, or not of the
/// model that was measured.
StoredVariant load_variant(const std::filesystem::path& folder, const std::string& variant,
                           std::optional<std::uint64_t> seed = {},
                           std::optional<mcu::Optimize> optimize = {});

}  // namespace pare::experiments
