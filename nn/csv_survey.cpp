#include "nn/csv_survey.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "nn/csv_columns.h"

namespace pare::nn {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "2024-02-01 00:00:00", "14.3.2024", "17:05:41.2", "2024-02-01T10:00Z": groups of digits, between
/// them two or more marks that dates and times have, and little else.
bool is_date(std::string_view cell) {
  std::size_t digits = 0;
  std::size_t marks = 0;
  std::size_t others = 0;
  for (const char c : cell) {
    if (is_digit(c)) {
      ++digits;
    } else if (c == '-' || c == ':' || c == '/' || c == '.') {
      ++marks;
    } else if (c != ' ' && c != 'T' && c != 'Z' && c != '+' && c != 'A' && c != 'P' && c != 'M') {
      ++others;
    }
  }
  const bool time = marks == 1 && cell.find(':') != cell.npos;  // hours and minutes
  return digits >= 3 && (marks >= 2 || time) && others == 0 && is_digit(cell.front());
}

/// "1,234" or "12,345.6", which is a list to one reader and a number to another.
bool has_thousands(std::string_view cell) {
  const std::size_t comma = cell.find(',');
  if (comma == 0 || comma > 3 || !is_digit(cell[0])) return false;
  std::size_t since = 0;  // digits since the last comma
  for (std::size_t i = comma + 1; i < cell.size() && cell[i] != '.'; ++i) {
    if (cell[i] == ',' && since == 3) {
      since = 0;
    } else if (is_digit(cell[i])) {
      ++since;
    } else {
      return false;
    }
  }
  return since == 3;
}

/// Adds rows to what is known of a column.
class Surveyor {
 public:
  Surveyor(const CsvFile& file, std::size_t column)
      : file_(file), survey_{column, column_key(file, column)} {}

  void see(std::string_view cell) {
    ++survey_.rows;
    if (file_.is_missing_text(cell)) {
      ++survey_.missing;
      return;
    }
    const std::optional<float> value = file_.number(cell);
    if (value) {
      count(fmt::format("{}", *value == 0 ? 0.0F : *value));
    } else {
      count(cell);
    }
    if (!value && file_.is_missing_number(cell)) {
      ++marks_;
      return;
    }
    if (!value) {
      survey_.thousands = survey_.thousands || has_thousands(cell);
      survey_.lists = survey_.lists || cell.find_first_of(",\"") != cell.npos;
      survey_.dates = survey_.dates && is_date(cell);
      survey_.rises = false;
      return;
    }
    survey_.dates = false;
    see_number(cell, double{*value});
  }

  ColumnSurvey finish() {
    // Beside numbers a dash says that one is missing; beside texts it is one.
    if (survey_.numbers > 0 && survey_.numbers + survey_.missing + marks_ == survey_.rows) {
      survey_.missing += marks_;
      std::erase_if(counts_, [&](const auto& one) { return !file_.number(one.first); });
    } else if (marks_ > 0) {
      survey_.dates = false;
      survey_.rises = false;
    }
    for (const auto& [text, count] : counts_) survey_.values.push_back({text, count});
    if (survey_.missing == survey_.rows) survey_.dates = false;
    survey_.rises = survey_.rises && survey_.numbers > 1;
    if (!steady_ || survey_.numbers < 2) survey_.step.reset();
    return std::move(survey_);
  }

 private:
  void count(std::string_view cell) {
    const auto found = counts_.find(cell);
    if (found != counts_.end()) {
      ++found->second;
    } else if (counts_.size() < ColumnSurvey::kMostValues) {
      counts_.emplace(cell, 1);
    } else {
      survey_.many_values = true;
    }
  }

  /// In double precision, which tells times since 1970 apart.
  void see_number(std::string_view cell, double value) {
    std::string text(cell);
    std::replace(text.begin(), text.end(), ',', '.');  // of a decimal comma
    const double exact = std::strtod(text.c_str(), nullptr);
    if (std::abs(exact - value) <= 1e-3 * std::abs(value)) value = exact;
    survey_.whole = survey_.whole && value == std::round(value);
    if (survey_.numbers > 0) {
      const double step = value - last_;
      survey_.rises = survey_.rises && step > 0;
      steady_ = steady_ && (!survey_.step || *survey_.step == step);
      survey_.step = step;
    }
    last_ = value;
    ++survey_.numbers;
  }

  const CsvFile& file_;
  ColumnSurvey survey_;
  std::map<std::string, std::size_t, std::less<>> counts_;
  std::size_t marks_ = 0;  ///< cells such as "-", which may say that a number is missing
  double last_ = 0;
  bool steady_ = true;
};

}  // namespace

std::vector<ColumnSurvey> survey_columns(const CsvFile& file) {
  std::vector<Surveyor> surveyors;
  for (std::size_t i = 0; i < file.columns(); ++i) surveyors.emplace_back(file, i);
  file.for_each_row([&](const CsvRow& row) {
    for (std::size_t i = 0; i < surveyors.size(); ++i) surveyors[i].see(row.cells[i]);
  });
  std::vector<ColumnSurvey> surveys;
  for (Surveyor& surveyor : surveyors) surveys.push_back(surveyor.finish());
  return surveys;
}

bool determines(const CsvFile& file, std::size_t a, std::size_t b) {
  std::map<std::string, std::string, std::less<>> values;
  bool determined = true;
  file.for_each_row([&](const CsvRow& row) {
    if (!determined || file.is_missing_text(row.cells[b])) return;
    const auto found = values.find(row.cells[a]);
    if (found == values.end()) {
      values.emplace(row.cells[a], row.cells[b]);
    } else {
      determined = found->second == row.cells[b];
    }
  });
  return determined;
}

}  // namespace pare::nn
