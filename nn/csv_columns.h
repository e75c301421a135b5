#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nn/csv.h"

namespace pare::nn {

/// What a column of a file is read for.
enum class CsvUse : std::uint8_t { number, category, label, group };

/// Where a file has what a sample is made of.
struct CsvPlace {
  std::size_t column;
  CsvUse use;
};

struct CsvPlaces {
  std::vector<CsvPlace> features;
  std::vector<CsvPlace> targets;
  std::optional<CsvPlace> group;

  /// All of them, in this order.
  std::vector<CsvPlace> all() const;
};

/// The columns that `name` stands for: a title, a number from 0, -1 being the last, or a pattern.
/// None if there is no such column.
std::vector<std::size_t> find_columns(const CsvFile& file, const std::string& name);

/// The same, of several names, each column once. Throws std::runtime_error that names the file and
/// what its columns are, on a name without a column.
std::vector<std::size_t> expect_columns(const CsvFile& file, const std::vector<std::string>& names);

/// The one column that `name` stands for. Throws likewise, also where a pattern stands for several.
std::size_t expect_column(const CsvFile& file, const std::string& name);

/// Throws unless no column is among `features` that is a target or ignored.
void check_features(const CsvFile& file, const std::vector<std::size_t>& features,
                    const std::vector<std::size_t>& targets,
                    const std::vector<std::size_t>& ignored);

/// What the columns of a training file are for. Throws std::runtime_error that names the file.
CsvPlaces find_places(const CsvFile& file, const CsvColumns& columns);

/// `places` of the training file, in the test file.
CsvPlaces match_places(const CsvFile& train, const CsvPlaces& places, const CsvFile& test);

/// What a column is called: its title, or without titles its number.
std::string column_key(const CsvFile& file, std::size_t column);

/// The same as [data] of a config names it, in TOML: with quotes.
std::string quoted_key(const CsvFile& file, std::size_t column);

}  // namespace pare::nn
