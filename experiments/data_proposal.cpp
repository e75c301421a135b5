#include "experiments/data_proposal.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

#include "nn/csv_columns.h"
#include "nn/csv_encoding.h"
#include "nn/lower_case.h"

namespace pare::experiments {
namespace {

using nn::ColumnSurvey;

constexpr std::size_t kFewRows = 10;  ///< below this, chance looks like a rule
constexpr std::size_t kMostNumberClasses = 20;
constexpr std::size_t kRare =
    10;  ///< rows: what stands in fewer may be in one part of a split alone
constexpr const char* kDates = "dates or times as text";
constexpr const char* kRises = "rises in every row, as time does";

constexpr std::array<std::string_view, 21> kTargetTitles{
    "label",    "labels",  "class",   "target",  "y",         "output",  "outcome",
    "category", "species", "state",   "status",  "activity",  "gesture", "fault",
    "result",   "anomaly", "failure", "quality", "diagnosis", "type",    "event"};
constexpr std::array<std::string_view, 7> kGroupTitles{
    "subject", "user", "person", "session", "patient", "recording", "participant"};

bool few_texts(const ColumnSurvey& column) {
  return column.is_text() && !column.many_values && column.values.size() > 1 &&
         column.values.size() <= nn::kMostCategoryValues &&
         2 * column.values.size() <= column.rows - column.missing;
}

bool few_whole_numbers(const ColumnSurvey& column) {
  return !column.is_text() && column.whole && column.values.size() > 1 &&
         column.values.size() <= kMostNumberClasses && 5 * column.values.size() <= column.rows;
}

/// Why a column is no feature, whatever is to be predicted.
std::optional<std::string> why_no_feature(const ColumnSurvey& column) {
  const bool known = column.rows >= kFewRows;
  if (column.missing == column.rows) return "empty in every row";
  if (column.is_constant() && column.missing == 0) {
    return fmt::format("always {}", column.values[0].text);
  }
  if (column.dates) return kDates;
  if (column.thousands) return "numbers with commas between thousands, which are not read";
  if (column.is_text()) {
    if (column.many_values || 10 * column.values.size() >= 9 * (column.rows - column.missing)) {
      return "another text in nearly every row, as names and codes are";
    }
    if (column.lists) return "texts with commas or quotes, as lists have";
    if (column.values.size() > nn::kMostCategoryValues) {
      return fmt::format("{} different texts", column.values.size());
    }
    return std::nullopt;
  }
  if (!known || column.missing > 0) return std::nullopt;
  if (column.step && *column.step > 0 && column.whole) {
    return *column.step == 1 ? "counts the rows"
                             : fmt::format("rises by {} in every row, as ids do", *column.step);
  }
  if (column.rises) return kRises;
  return std::nullopt;
}

/// Axes of a sensor, which nobody predicts from the others.
constexpr std::array<std::string_view, 12> kAxes{"x",  "y",  "z",  "ax", "ay", "az",
                                                 "gx", "gy", "gz", "mx", "my", "mz"};

template <std::size_t N>
bool is_one_of(const std::string& title, const std::array<std::string_view, N>& titles) {
  return std::find(titles.begin(), titles.end(), nn::lower_case(title)) != titles.end();
}

bool mentions_target(const std::string& title) {
  const std::string lower = nn::lower_case(title);
  return std::any_of(kTargetTitles.begin(), kTargetTitles.begin() + 4,
                     [&](std::string_view word) { return lower.find(word) != lower.npos; });
}

/// How much a column looks like what is to be predicted.
int target_score(const ColumnSurvey& column, bool last) {
  int score = last ? 1 : 0;
  const bool third_axis = column.key == "y" && !last;
  if (is_one_of(column.key, kTargetTitles) && !third_axis) {
    score += 3;
  } else if (mentions_target(column.key)) {
    score += 2;
  }
  if (few_texts(column)) score += 2;
  if (few_whole_numbers(column)) score += 1;
  return score;
}

std::string target_reason(const ColumnSurvey& column, bool last) {
  std::vector<std::string> reasons;
  if (is_one_of(column.key, kTargetTitles) || mentions_target(column.key)) {
    reasons.emplace_back("its title");
  }
  if (last) reasons.emplace_back("the last column");
  if (few_texts(column)) reasons.push_back(fmt::format("{} texts", column.values.size()));
  if (few_whole_numbers(column)) {
    reasons.push_back(fmt::format("{} whole numbers", column.values.size()));
  }
  return fmt::format("{}", fmt::join(reasons, ", "));
}

std::size_t find_target(const nn::CsvFile& file, const std::vector<ColumnSurvey>& columns,
                        const std::string& named) {
  if (!named.empty()) return nn::expect_column(file, named);
  std::size_t best = columns.size();
  int most = 0;
  for (const ColumnSurvey& column : columns) {
    const bool last = column.column + 1 == columns.size();
    const auto no_feature = why_no_feature(column);
    if (no_feature && !few_texts(column)) continue;
    const int score = target_score(column, last);
    if (score < most || score == 0) continue;
    most = score;
    best = column.column;
  }
  const bool found = best < columns.size() &&
                     (most > 1 || file.titles().empty() || !is_one_of(columns[best].key, kAxes));
  if (found) return best;
  throw std::invalid_argument(fmt::format(
      "{}: no column looks like what is to be predicted; name it: --target TITLE, or its number "
      "from 0",
      file.path().string()));
}

std::string class_counts(const ColumnSurvey& target) {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> counts;
  std::size_t least = target.rows;
  for (const ColumnSurvey::Value& value : target.values) {
    if (counts.size() < kShown) counts.push_back(fmt::format("{} {}", value.text, value.count));
    least = std::min(least, value.count);
  }
  if (target.values.size() > kShown) counts.emplace_back("...");
  std::string text = fmt::format("{}", fmt::join(counts, ", "));
  const double share =
      100.0 * static_cast<double>(least) / static_cast<double>(target.rows - target.missing);
  if (share < 10) {
    text += fmt::format("; the smallest has {:.1f} %: look at more than top-1", share);
  }
  return text;
}

void propose_columns(const nn::CsvFile& file, const std::vector<ColumnSurvey>& columns,
                     const ColumnSurvey& target, DataProposal& proposal) {
  for (const ColumnSurvey& column : columns) {
    if (column.column == target.column) continue;
    if (is_one_of(column.key, kGroupTitles) && proposal.group.key.empty() && !column.many_values &&
        column.values.size() > 1) {
      proposal.group = {column.key, "its title: no one of them is in two parts of a split"};
      continue;
    }
    if (const auto reason = why_no_feature(column)) {
      proposal.ignore.push_back({column.key, *reason});
      continue;
    }
    const bool few = few_texts(column) || few_whole_numbers(column) ||
                     (!column.is_text() && column.values.size() <= kMostNumberClasses);
    if (proposal.task == nn::Task::classification && few && column.rows >= kFewRows &&
        nn::determines(file, column.column, target.column)) {
      proposal.ignore.push_back({column.key, "tells the class in every row"});
      continue;
    }
    if (column.is_text()) {
      std::vector<std::string> values;
      for (const auto& value : column.values) {
        values.push_back(value.text);
        if (value.count >= kRare || !proposal.unseen.key.empty()) continue;
        proposal.unseen = {"zeros", fmt::format("'{}' stands in {} rows alone, and may be in no "
                                                "training row",
                                                value.text, value.count)};
      }
      proposal.categories.push_back({column.key, fmt::format("{}", fmt::join(values, ", "))});
    }
    ++proposal.features;
  }
}

void propose_missing(const nn::CsvFile& file, const std::vector<ColumnSurvey>& columns,
                     const ColumnSurvey& target, DataProposal& proposal) {
  std::vector<const ColumnSurvey*> used;
  for (const ColumnSurvey& column : columns) {
    const auto ignored =
        std::find_if(proposal.ignore.begin(), proposal.ignore.end(),
                     [&](const DataProposal::Choice& choice) { return choice.key == column.key; });
    if (ignored == proposal.ignore.end()) used.push_back(&column);
  }
  std::size_t incomplete = 0;
  file.for_each_row([&](const nn::CsvRow& row) {
    const bool lacks = std::any_of(used.begin(), used.end(), [&](const ColumnSurvey* column) {
      const std::string_view cell = row.cells[column->column];
      return column->is_text() ? file.is_missing_text(cell) : file.is_missing_number(cell);
    });
    incomplete += lacks ? 1U : 0U;
  });
  if (incomplete == 0) return;
  const bool few = 5 * incomplete <= file.rows() || target.missing > 0;
  proposal.missing = {few ? "drop" : "mean",
                      fmt::format("{} of {} rows lack a value", incomplete, file.rows())};
}

}  // namespace

DataProposal propose_data(const nn::CsvFile& file, const std::string& named) {
  const std::vector<ColumnSurvey> columns = nn::survey_columns(file);
  const std::size_t place = find_target(file, columns, named);
  const ColumnSurvey& target = columns[place];
  DataProposal proposal;
  // An untitled column has a number, too; no key at all would stand for the last column.
  const std::string key = target.key.empty() ? fmt::format("{}", target.column) : target.key;
  proposal.target = {
      key, named.empty() ? target_reason(target, place + 1 == columns.size()) : "as you say"};
  if (target.is_text() || few_whole_numbers(target)) {
    proposal.task_reason = class_counts(target);
  } else {
    proposal.task = nn::Task::regression;
    proposal.task_reason =
        fmt::format("numbers, {} different ones",
                    target.many_values ? fmt::format("more than {}", ColumnSurvey::kMostValues)
                                       : fmt::format("{}", target.values.size()));
  }
  if (target.is_text() && !few_texts(target)) {
    throw std::invalid_argument(fmt::format(
        "{}: '{}' holds {}, which is nothing to predict", file.path().string(), target.key,
        why_no_feature(target).value_or(fmt::format("{} different texts", target.values.size()))));
  }
  propose_columns(file, columns, target, proposal);
  propose_missing(file, columns, target, proposal);
  if (proposal.features > 0) return proposal;
  proposal.series =
      proposal.task == nn::Task::regression &&
      std::any_of(proposal.ignore.begin(), proposal.ignore.end(), [](const auto& choice) {
        return choice.reason == kDates || choice.reason == kRises;
      });
  if (proposal.series) return proposal;
  std::string why;
  for (const DataProposal::Choice& choice : proposal.ignore) {
    why += fmt::format("; '{}': {}", choice.key, choice.reason);
  }
  throw std::invalid_argument(fmt::format("{}: nothing is left to predict '{}' from{}",
                                          file.path().string(), target.key, why));
}

}  // namespace pare::experiments
