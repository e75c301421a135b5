#include "nn/csv_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "nn/lower_case.h"

namespace pare::nn {
namespace {

/// Whether each value of a feature goes with one class alone, of few values.
bool tells_the_class(const CsvColumn& feature, const CsvColumn& target) {
  constexpr std::size_t kMostValues = 20;
  std::map<float, std::int32_t> class_of;
  for (std::size_t i = 0; i < feature.numbers.size(); ++i) {
    if (std::isnan(feature.numbers[i])) continue;
    const auto [found, added] = class_of.emplace(feature.numbers[i], target.codes[i]);
    if (found->second != target.codes[i] || class_of.size() > kMostValues) return false;
  }
  return class_of.size() > 1 && class_of.size() * 2 <= feature.numbers.size();
}

bool is_constant(const std::vector<float>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [&](float x) { return x == numbers[0]; });
}

bool counts_rows(const std::vector<float>& numbers) {
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    if (numbers[i] != numbers[i - 1] + 1) return false;
  }
  return true;
}

}  // namespace

std::vector<std::string> note_odd_columns(const CsvFile& file, const CsvTable& table) {
  std::vector<std::string> notes;
  const auto note = [&](const CsvColumn& column, const std::string& what) {
    notes.push_back(fmt::format("{}: {} {}; ignore = [{}] in [data] leaves it out",
                                file.path().string(), column.name, what,
                                quoted_key(file, column.place.column)));
  };
  constexpr Index kFewest = 10;  // of rows, from which more than chance can be seen
  if (table.rows() < kFewest) return notes;
  for (const CsvColumn& feature : table.features) {
    if (feature.numbers.empty()) continue;
    if (is_constant(feature.numbers)) {
      note(feature, fmt::format("is {} in every row", feature.numbers[0]));
    } else if (counts_rows(feature.numbers)) {
      note(feature, "counts the rows");
    } else if (table.targets[0].place.use == CsvUse::label &&
               tells_the_class(feature, table.targets[0])) {
      note(feature, "alone tells the class in every row");
    }
  }
  return notes;
}

std::vector<std::string> note_similar_classes(const std::vector<std::string>& classes) {
  std::vector<std::string> notes;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    for (std::size_t k = i + 1; k < classes.size(); ++k) {
      if (lower_case(classes[i]) != lower_case(classes[k])) continue;
      notes.push_back(fmt::format("classes '{}' and '{}' differ in case alone, and are two classes",
                                  classes[i], classes[k]));
    }
  }
  return notes;
}

}  // namespace pare::nn
