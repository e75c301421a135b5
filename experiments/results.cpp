#include "experiments/results.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

#include "bench/table.h"
#include "nn/safetensors.h"

namespace pare::experiments {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::string_view kRunAgain = "'./pare run CONFIG' writes it anew";

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  if (!file) throw std::runtime_error(fmt::format("{} cannot be written", path.string()));
}

void replace_text(const fs::path& path, const std::string& text) {
  const fs::path beside = path.string() + fmt::format(".{}", getpid());
  write_text(beside, text);
  fs::rename(beside, path);
}

void write_tables(const fs::path& folder, const std::vector<bench::Row>& rows) {
  const bench::Table table = bench::comparison_table(rows);
  replace_text(folder / "table.md", bench::format_table(table, bench::Format::markdown));
  replace_text(folder / "table.csv", bench::format_table(table, bench::Format::csv));
}

Json rows_as_json(const std::vector<bench::Row>& rows) {
  Json variants = Json::array();
  for (const bench::Row& row : rows) variants.push_back(bench::to_json(row));
  return variants;
}

fs::path model_path(const fs::path& folder, const std::string& variant) {
  return folder / "models" / (variant + ".safetensors");
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
    fs::create_directories(beside / "models");
    write_text(beside / "config.toml", results.config);
    write_text(beside / "environment.json", results.environment.dump(2) + "\n");
    const Json json{{"experiment", results.experiment},
                    {"seed", results.seed},
                    {"environment", results.environment},
                    {"layers", results.layers},
                    {"variants", rows_as_json(results.rows)}};
    write_text(beside / "results.json", json.dump(2) + "\n");
    write_tables(beside, results.rows);
    for (std::size_t i = 0; i < results.rows.size(); ++i) {
      nn::save(results.models[i], model_path(beside, results.rows[i].name));
    }
    swap_in(beside, target);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(beside, ignored);
    throw;
  }
}

Json read_results(const fs::path& folder) {
  std::ifstream file(folder / "results.json", std::ios::binary);
  if (!file) {
    throw std::invalid_argument(fmt::format(
        "{} is not a results folder: it has no results.json; './pare run CONFIG' writes one",
        folder.string()));
  }
  Json json = Json::parse(file, nullptr, false);
  if (!json.is_object() || !json.contains("variants") || !json["variants"].is_array()) {
    throw std::invalid_argument(fmt::format("{} is damaged: it holds no list of variants; {}",
                                            (folder / "results.json").string(), kRunAgain));
  }
  return json;
}

std::vector<bench::Row> read_rows(const fs::path& folder) {
  std::vector<bench::Row> rows;
  const Json json = read_results(folder);
  for (const Json& variant : json["variants"]) {
    try {
      rows.push_back(bench::row_from_json(variant));
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(fmt::format("{} is damaged: variant {} is {}; {}",
                                              (folder / "results.json").string(), rows.size() + 1,
                                              error.what(), kRunAgain));
    }
  }
  return rows;
}

void update_row(const fs::path& folder, const bench::Row& row) {
  std::vector<bench::Row> rows = read_rows(folder);
  for (bench::Row& there : rows) {
    if (there.name == row.name) there = row;
  }
  Json json = read_results(folder);
  json["variants"] = rows_as_json(rows);
  replace_text(folder / "results.json", json.dump(2) + "\n");
  write_tables(folder, rows);
}

StoredVariant load_variant(const fs::path& folder, const std::string& variant) {
  std::vector<std::string> known;
  for (bench::Row& row : read_rows(folder)) {
    if (row.name != variant) {
      known.push_back(row.name);
      continue;
    }
    const Experiment experiment = load_experiment(folder / "config.toml", {});
    return {std::move(row), nn::load(model_path(folder, variant)), make_data(experiment)};
  }
  throw std::invalid_argument(fmt::format("{} has no variant '{}'; it has: {}", folder.string(),
                                          variant, fmt::join(known, ", ")));
}

}  // namespace pare::experiments
