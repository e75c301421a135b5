#include "nn/csv_columns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

#include <algorithm>
#include <charconv>

#include "nn/nearest_name.h"
#include "nn/text_file.h"

namespace pare::nn {
namespace {

bool contains(const std::vector<std::size_t>& columns, std::size_t column) {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

/// Titles of the columns `used` of `from` that `in` does not have.
std::vector<std::string> missing_titles(const CsvFile& from, const std::vector<CsvPlace>& used,
                                        const CsvFile& in) {
  std::vector<std::string> missing;
  for (const CsvPlace& place : used) {
    const std::string& title = from.titles()[place.column];
    if (std::find(in.titles().begin(), in.titles().end(), title) == in.titles().end()) {
      missing.push_back(fmt::format("'{}'", title));
    }
  }
  return missing;
}

std::vector<CsvPlace> every_column(const CsvFile& file) {
  std::vector<CsvPlace> places;
  for (std::size_t i = 0; i < file.columns(); ++i) places.push_back({i, CsvUse::number});
  return places;
}

void check_same_titles(const CsvFile& train, const CsvPlaces& places, const CsvFile& test) {
  const auto missing = missing_titles(train, places.all(), test);
  const auto unknown = missing_titles(test, every_column(test), train);
  if (missing.empty() && unknown.empty()) return;
  const auto list = [](const char* what, const std::vector<std::string>& titles) {
    return titles.empty() ? "" : fmt::format("; {} {}", what, fmt::join(titles, ", "));
  };
  refuse_file(test.path(), fmt::format("its columns are not those of {}{}{}", train.path().string(),
                                       list("it lacks", missing), list("only it has", unknown)));
}

/// `name` for fnmatch, to which brackets mean something, too.
std::string as_pattern(const std::string& name) {
  std::string pattern;
  for (const char c : name) pattern += c == '[' ? std::string("[[]") : std::string(1, c);
  return pattern;
}

std::vector<std::size_t> columns_called(const CsvFile& file, const std::string& name) {
  std::vector<std::size_t> found = find_columns(file, name);
  if (!found.empty()) return found;
  const std::vector<std::string_view> titles(file.titles().begin(), file.titles().end());
  refuse_file(
      file.path(),
      titles.empty()
          ? fmt::format("no column '{}'; it has {} columns and no header; header = \"yes\" in "
                        "[data] takes the first row for titles",
                        name, file.columns())
          : fmt::format("no column '{}'; it has: {}{}", name, fmt::join(titles, ", "),
                        did_you_mean(name, titles)));
}

}  // namespace

std::vector<std::size_t> expect_columns(const CsvFile& file,
                                        const std::vector<std::string>& names) {
  std::vector<std::size_t> columns;
  for (const std::string& name : names) {
    for (const std::size_t column : columns_called(file, name)) {
      if (!contains(columns, column)) columns.push_back(column);
    }
  }
  return columns;
}

std::size_t expect_column(const CsvFile& file, const std::string& name) {
  const std::vector<std::size_t> found = columns_called(file, name);
  if (found.size() == 1) return found.front();
  refuse_file(file.path(),
              fmt::format("'{}' stands for {} columns, and one is meant", name, found.size()));
}

void check_features(const CsvFile& file, const std::vector<std::size_t>& features,
                    const std::vector<std::size_t>& targets,
                    const std::vector<std::size_t>& ignored) {
  for (const std::size_t column : features) {
    const bool target = contains(targets, column);
    if (!target && !contains(ignored, column)) continue;
    refuse_file(file.path(),
                fmt::format("{} is among the features, and {} too", file.column_name(column),
                            target ? "a target" : "ignored"));
  }
}

std::vector<CsvPlace> CsvPlaces::all() const {
  std::vector<CsvPlace> places = features;
  places.insert(places.end(), targets.begin(), targets.end());
  if (group) places.push_back(*group);
  return places;
}

std::vector<std::size_t> find_columns(const CsvFile& file, const std::string& name) {
  const std::vector<std::string>& titles = file.titles();
  const auto titled = std::find(titles.begin(), titles.end(), name);
  if (titled != titles.end()) return {static_cast<std::size_t>(titled - titles.begin())};
  const auto columns = static_cast<Index>(file.columns());
  Index index = columns;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, index);
  if (error == std::errc() && stop == end && index >= -columns && index < columns) {
    return {static_cast<std::size_t>(index < 0 ? index + columns : index)};
  }
  std::vector<std::size_t> found;
  if (name.find_first_of("*?") == name.npos) return found;
  const std::string pattern = as_pattern(name);
  for (std::size_t i = 0; i < titles.size(); ++i) {
    if (fnmatch(pattern.c_str(), titles[i].c_str(), FNM_NOESCAPE) == 0) found.push_back(i);
  }
  return found;
}

CsvPlaces find_places(const CsvFile& file, const CsvColumns& columns) {
  if (file.rows() == 0) refuse_file(file.path(), "it holds no samples, only a header");
  if (file.columns() < 2) {
    refuse_file(
        file.path(),
        "it has one column; expected features and a target, between which there are commas, "
        "semicolons or tabs");
  }
  const auto targets = columns.targets.empty() ? std::vector<std::size_t>{file.columns() - 1}
                                               : expect_columns(file, columns.targets);
  const auto ignored = expect_columns(file, columns.ignore);
  const auto categories = expect_columns(file, columns.categories);
  const auto named = expect_columns(file, columns.features);
  CsvPlaces places;
  if (!columns.group.empty()) {
    places.group = {expect_column(file, columns.group), CsvUse::group};
  }
  const CsvUse use = columns.task == Task::classification ? CsvUse::label : CsvUse::number;
  if (targets.size() > 1 && use == CsvUse::label) {
    refuse_file(file.path(), fmt::format("there are {} targets, which are classes; one target has "
                                         "classes, several are numbers: task = \"regression\"",
                                         targets.size()));
  }
  for (const std::size_t column : targets) places.targets.push_back({column, use});
  const auto add_feature = [&](std::size_t column) {
    places.features.push_back(
        {column, contains(categories, column) ? CsvUse::category : CsvUse::number});
  };
  check_features(file, named, targets, ignored);
  for (const std::size_t column : named) add_feature(column);
  for (std::size_t column = 0; named.empty() && column < file.columns(); ++column) {
    const bool other = contains(targets, column) || contains(ignored, column) ||
                       (places.group && places.group->column == column);
    if (!other) add_feature(column);
  }
  if (places.features.empty()) refuse_file(file.path(), "no column is left for a feature");
  return places;
}

CsvPlaces match_places(const CsvFile& train, const CsvPlaces& places, const CsvFile& test) {
  if (test.rows() == 0) refuse_file(test.path(), "it holds no samples, only a header");
  if (train.titles().empty() || test.titles().empty()) {
    if (train.columns() == test.columns()) return places;
    refuse_file(test.path(), fmt::format("it has {} columns, {} has {}", test.columns(),
                                         train.path().string(), train.columns()));
  }
  check_same_titles(train, places, test);
  const auto match = [&](CsvPlace& place) {
    const std::string& title = train.titles()[place.column];
    const auto found = std::find(test.titles().begin(), test.titles().end(), title);
    place.column = static_cast<std::size_t>(found - test.titles().begin());
  };
  CsvPlaces matched = places;
  std::for_each(matched.features.begin(), matched.features.end(), match);
  std::for_each(matched.targets.begin(), matched.targets.end(), match);
  if (matched.group) match(*matched.group);
  return matched;
}

std::string column_key(const CsvFile& file, std::size_t column) {
  return file.titles().empty() ? fmt::format("{}", column) : file.titles()[column];
}

std::string quoted_key(const CsvFile& file, std::size_t column) {
  std::string key;
  for (const char c : column_key(file, column)) {
    if (c == '"' || c == '\\') key += '\\';
    key += c;
  }
  return '"' + key + '"';
}

}  // namespace pare::nn
