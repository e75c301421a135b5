#include "experiments/results.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <set>
#include <stdexcept>

#include "bench/choose_encodings.h"
#include "bench/comparison.h"
#include "experiments/results_json.h"
#include "mcu/encode.h"
#include "nn/formats/safetensors.h"
#include "nn/json_text.h"
#include "nn/nearest_name.h"
#include "nn/text_file.h"

namespace pare::experiments {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::string_view kRunAgain = "'./pare run CONFIG' writes it anew";

void write_tables(const fs::path& folder, const std::vector<bench::SeedRows>& rows) {
  nn::replace_text(folder / "table.md", bench::format_comparison(rows, bench::Format::markdown));
  nn::replace_text(folder / "table.csv", bench::format_comparison(rows, bench::Format::csv));
}

/// Where the model of a variant lies that was made with the seed at `index`.
fs::path model_path(const fs::path& folder, const std::string& variant,
                    const std::vector<std::uint64_t>& seeds, std::size_t index) {
  const fs::path models = folder / "models";
  return (seeds.size() == 1 ? models : models / fmt::format("seed-{}", seeds[index])) /
         (variant + ".safetensors");
}

void write_models(const Results& results, const fs::path& folder) {
  for (std::size_t i = 0; i < results.rows.size(); ++i) {
    const std::string& variant = results.rows[i].front().name;
    for (std::size_t seed = 0; seed < results.seeds.size(); ++seed) {
      const fs::path path = model_path(folder, variant, results.seeds, seed);
      fs::create_directories(path.parent_path());
      if (results.models[i][seed].layers.empty()) continue;
      nn::save(results.models[i][seed], path);
    }
  }
}

/// The artefact of a row, encoded as it was measured. Throws std::runtime_error if it is another.
mcu::Artefact as_measured(const nn::Model& model, const bench::Row& row, const fs::path& path) {
  std::string found = "none";
  try {
    mcu::Artefact artefact =
        mcu::make_artefact(row.name, model, mcu::encode_as(model, row.encodings));
    found = mcu::hash_text(artefact.hash);
    if (found == row.model_hash) return artefact;
  } catch (const std::invalid_argument&) {  // the encodings are not for such a model
  }
  throw std::runtime_error(
      fmt::format("{} is not what was measured: encoded it has hash {}, and results.json has {}; "
                  "the file is another, or another version of pare measured it; {}",
                  path.string(), found, row.model_hash, kRunAgain));
}

/// results.json of a folder. Throws std::invalid_argument if it is not a results folder.
Json read_json(const fs::path& folder) {
  std::ifstream file(folder / "results.json", std::ios::binary);
  if (file) return nn::parse_json(std::string{std::istreambuf_iterator<char>(file), {}});
  throw std::invalid_argument(fmt::format(
      "{} is not a results folder: it has no results.json; './pare run CONFIG' writes one",
      folder.string()));
}

/// The place of `seed` among those of a results folder.
std::size_t seed_index(const fs::path& folder, const std::vector<std::uint64_t>& seeds,
                       std::uint64_t seed) {
  const auto found = std::find(seeds.begin(), seeds.end(), seed);
  if (found != seeds.end()) return static_cast<std::size_t>(found - seeds.begin());
  throw std::invalid_argument(
      fmt::format("{} has no seed {}; it has: {}", folder.string(), seed, fmt::join(seeds, ", ")));
}

/// Absolute, and without a slash at the end.
fs::path plain(const fs::path& folder) {
  const fs::path path = fs::absolute(folder).lexically_normal();
  return path.filename().empty() ? path.parent_path() : path;
}

/// Puts `written` where `folder` is, in one step; what was there is then removed.
void swap_in(const fs::path& written, const fs::path& folder) {
  if (!fs::exists(folder)) {
    fs::rename(written, folder);
    return;
  }
  if (renameat2(AT_FDCWD, written.c_str(), AT_FDCWD, folder.c_str(), RENAME_EXCHANGE) != 0) {
    if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) {
      throw std::runtime_error(
          fmt::format("{} cannot be replaced: {}", folder.string(), std::strerror(errno)));
    }
    // A file system that cannot exchange: two renames, the old results kept until both are done.
    const fs::path old = written.string() + ".old";
    fs::rename(folder, old);
    fs::rename(written, folder);
    fs::remove_all(old);
    return;
  }
  fs::remove_all(written);
}

/// True of an empty folder too. Whatever else lies in a results folder would be lost with it.
bool holds_only_results(const fs::path& folder) {
  static const std::set<std::string> kParts{"config.toml", "environment.json", "results.json",
                                            "table.md",    "table.csv",        "models"};
  if (!fs::is_directory(folder)) return false;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (!kParts.contains(entry.path().filename().string())) return false;
  }
  return true;
}

}  // namespace

void check_target(const fs::path& folder) {
  fs::path parent = plain(folder).parent_path();
  while (!fs::exists(parent)) parent = parent.parent_path();
  if (!fs::is_directory(parent) || access(parent.c_str(), W_OK) != 0) {
    throw std::invalid_argument(
        fmt::format("{} cannot be made: {} is not a folder that you can write to; name another "
                    "folder with --out",
                    folder.string(), parent.string()));
  }
  if (!fs::exists(folder) || holds_only_results(folder)) return;
  throw std::invalid_argument(fmt::format(
      "{} holds something that is not results; name another folder with --out", folder.string()));
}

void write_results(const Results& results, const fs::path& folder) {
  check_target(folder);
  const fs::path target = plain(folder);
  const fs::path beside =
      target.parent_path() / fmt::format(".{}.{}", target.filename().string(), getpid());
  try {
    fs::remove_all(beside);
    fs::create_directories(beside);
    nn::write_text(beside / "config.toml", results.config);
    nn::write_text(beside / "environment.json", nn::json_text(results.environment, 2) + "\n");
    nn::write_text(beside / "results.json", nn::json_text(to_json(results), 2) + "\n");
    write_tables(beside, results.rows);
    write_models(results, beside);
    swap_in(beside, target);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(beside, ignored);
    throw;
  }
}

StoredRows read_rows(const fs::path& folder) {
  const Json json = read_json(folder);
  try {
    return rows_from_json(json);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(fmt::format(
        "{} is damaged: {}; {}", (folder / "results.json").string(), error.what(), kRunAgain));
  }
}

void update_row(const fs::path& folder, std::uint64_t seed, const bench::Row& row) {
  StoredRows rows = read_rows(folder);
  const std::size_t index = seed_index(folder, rows.seeds, seed);
  for (bench::SeedRows& variant : rows.variants) {
    if (variant.front().name == row.name) variant[index] = row;
  }
  Json json = read_json(folder);
  json["variants"] = variants_to_json(rows);
  nn::replace_text(folder / "results.json", nn::json_text(json, 2) + "\n");
  write_tables(folder, rows.variants);
}

StoredVariant load_variant(const fs::path& folder, const std::string& variant,
                           std::optional<std::uint64_t> seed,
                           std::optional<mcu::Optimize> optimize) {
  StoredRows rows = read_rows(folder);
  for (bench::SeedRows& over_seeds : rows.variants) {
    if (over_seeds.front().name != variant) continue;
    const std::size_t index = seed ? seed_index(folder, rows.seeds, *seed) : 0;
    const std::uint64_t chosen = rows.seeds[index];
    const Experiment experiment = load_experiment(folder / "config.toml", {});
    if (over_seeds[index].model_hash.empty()) {
      throw std::runtime_error(
          fmt::format("{} was not measured: {}; {}", variant, over_seeds[index].note, kRunAgain));
    }
    const fs::path path = model_path(folder, variant, rows.seeds, index);
    const nn::Model model = nn::load(path);
    mcu::Artefact artefact = as_measured(model, over_seeds[index], path);
    if (optimize) {
      artefact = mcu::make_artefact(variant, model, bench::choose_encodings(model, {*optimize}));
    }
    const bool measured = mcu::hash_text(artefact.hash) == over_seeds[index].model_hash;
    return {rows.seeds.size() == 1 ? variant : fmt::format("{}, seed {},", variant, chosen),
            chosen,
            std::move(over_seeds[index]),
            make_data(experiment, chosen),
            std::move(artefact),
            measured,
            experiment.boards.front()};
  }
  std::vector<std::string_view> known;
  for (const bench::SeedRows& over_seeds : rows.variants) {
    known.emplace_back(over_seeds.front().name);
  }
  throw std::invalid_argument(fmt::format("{} has no variant '{}'; it has: {}{}", folder.string(),
                                          variant, fmt::join(known, ", "),
                                          nn::did_you_mean(variant, known)));
}

}  // namespace pare::experiments
