#include "nn/csv_encoding.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "nn/text_file.h"

namespace pare::nn {
namespace {

constexpr std::size_t kMostClasses = 1000;

using Rows = std::vector<Index>;

std::optional<float> as_number(const std::string& text) {
  float value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (stop != end || error != std::errc() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// The distinct texts of a column in `rows`, sorted.
std::vector<std::string> values_of(const CsvColumn& column, const Rows& rows) {
  std::vector<bool> seen(column.texts.size());
  for (const Index row : rows) {
    seen[static_cast<std::size_t>(column.codes[static_cast<std::size_t>(row)])] = true;
  }
  std::vector<std::string> values;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i]) values.push_back(column.texts[i]);
  }
  std::sort(values.begin(), values.end(), label_goes_before);
  return values;
}

/// The place among `values` of each text of a column, or -1.
std::vector<Index> places_of(const CsvColumn& column, const std::vector<std::string>& values) {
  std::vector<Index> places;
  for (const std::string& text : column.texts) {
    const auto found = std::find(values.begin(), values.end(), text);
    places.push_back(found == values.end() ? -1 : found - values.begin());
  }
  return places;
}

float mean_of(const CsvColumn& column, const Rows& rows) {
  double sum = 0;
  double count = 0;
  for (const Index row : rows) {
    const float value = column.numbers[static_cast<std::size_t>(row)];
    if (std::isnan(value)) continue;
    sum += double{value};
    count += 1;
  }
  return static_cast<float>(sum / std::max(1.0, count));
}

std::vector<std::string> find_classes(const CsvFile& file, const CsvColumn& target,
                                      const Rows& rows) {
  std::vector<std::string> classes = values_of(target, rows);
  if (classes.size() > kMostClasses) {
    refuse_file(file.path(),
                fmt::format("the target has {} values; expected at most {} classes, or task "
                            "= \"regression\"",
                            classes.size(), kMostClasses));
  }
  if (classes.size() == 1) {
    refuse_file(
        file.path(),
        fmt::format("every sample is of class {}; expected at least two classes", classes[0]));
  }
  return classes;
}

}  // namespace

bool label_goes_before(const std::string& a, const std::string& b) {
  const std::optional<float> first = as_number(a);
  const std::optional<float> second = as_number(b);
  if (first && second && *first != *second) return *first < *second;
  if (first.has_value() != second.has_value()) return first.has_value();
  return a < b;
}

Encoding fit_encoding(const CsvFile& file, const CsvTable& table, const Rows& rows) {
  Encoding encoding;
  const bool named = !file.titles().empty();
  for (const CsvColumn& feature : table.features) {
    const std::string key = column_key(file, feature.place.column);
    const bool category = feature.place.use == CsvUse::category;
    encoding.categories.push_back(category ? values_of(feature, rows) : std::vector<std::string>());
    encoding.means.push_back(category ? 0 : mean_of(feature, rows));
    const std::vector<std::string>& values = encoding.categories.back();
    if (values.size() > kMostCategoryValues) {
      refuse_file(file.path(),
                  fmt::format("{} has {} values; a category has at most {}, an input each",
                              feature.name, values.size(), kMostCategoryValues));
    }
    for (const std::string& value : values) {
      encoding.feature_names.push_back(fmt::format("{}={}", key, value));
    }
    if (!category) encoding.feature_names.push_back(key);
  }
  const bool any_category =
      std::any_of(encoding.categories.begin(), encoding.categories.end(),
                  [](const std::vector<std::string>& values) { return !values.empty(); });
  if (!named && !any_category) encoding.feature_names.clear();
  if (table.targets[0].place.use == CsvUse::label) {
    encoding.classes = find_classes(file, table.targets[0], rows);
  }
  return encoding;
}

Encoder::Encoder(const CsvFile& file, const CsvTable& table, const Encoding& encoding,
                 const CsvFile& train, Unseen unseen)
    : file_(file), table_(table), encoding_(encoding), train_(train), unseen_(unseen) {}

Dataset Encoder::encode(const Rows& rows, Task task) {
  Dataset data{inputs(rows), targets(rows), task, {}};
  data.feature_names = encoding_.feature_names;
  data.class_names = encoding_.classes;
  return data;
}

std::vector<std::string> Encoder::notes() const {
  std::vector<std::string> notes;
  for (const auto& [name, lines] : unseen_lines_) {
    notes.push_back(
        fmt::format("{}: {} has values that are in no training row, in {}: all its "
                    "inputs are 0 there",
                    file_.path().string(), name, lines));
  }
  return notes;
}

Matrix Encoder::inputs(const Rows& rows) {
  Index width = 0;
  for (const std::vector<std::string>& values : encoding_.categories) {
    width += values.empty() ? 1 : static_cast<Index>(values.size());
  }
  Matrix inputs = Matrix::Zero(static_cast<Index>(rows.size()), width);
  Index at = 0;
  for (std::size_t k = 0; k < table_.features.size(); ++k) {
    const std::vector<std::string>& values = encoding_.categories[k];
    if (values.empty()) {
      put_numbers(k, rows, inputs.col(at++));
    } else {
      put_category(k, rows, inputs.middleCols(at, static_cast<Index>(values.size())));
      at += static_cast<Index>(values.size());
    }
  }
  return inputs;
}

void Encoder::put_numbers(std::size_t feature, const Rows& rows, Matrix::ColXpr to) const {
  const std::vector<float>& numbers = table_.features[feature].numbers;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const float value = numbers[static_cast<std::size_t>(rows[i])];
    to[static_cast<Index>(i)] = std::isnan(value) ? encoding_.means[feature] : value;
  }
}

void Encoder::put_category(std::size_t feature, const Rows& rows, MatrixRef to) {
  const CsvColumn& column = table_.features[feature];
  const std::vector<std::string>& values = encoding_.categories[feature];
  const std::vector<Index> places = places_of(column, values);
  std::string lines;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto code = static_cast<std::size_t>(column.codes[static_cast<std::size_t>(rows[i])]);
    if (places[code] >= 0) {
      to(static_cast<Index>(i), places[code]) = 1;
      continue;
    }
    const std::size_t line = table_.lines[static_cast<std::size_t>(rows[i])];
    if (unseen_ == Unseen::error) {
      file_.fail(line, fmt::format("{}: '{}' is in no training row of {}, whose values are {}; "
                                   "unseen = \"zeros\" in [data] makes all inputs of it 0",
                                   column.name, column.texts[code], train_.path().string(),
                                   fmt::join(values, ", ")));
    }
    lines += fmt::format("{}{}", lines.empty() ? "line " : ", ", line);
  }
  if (!lines.empty()) unseen_lines_.emplace_back(column.name, lines);
}

Matrix Encoder::targets(const Rows& rows) const {
  const auto samples = static_cast<Index>(rows.size());
  if (!encoding_.classes.empty()) return labels(rows);
  Matrix targets(samples, static_cast<Index>(table_.targets.size()));
  for (std::size_t k = 0; k < table_.targets.size(); ++k) {
    for (Index i = 0; i < samples; ++i) {
      targets(i, static_cast<Index>(k)) =
          table_.targets[k].numbers[static_cast<std::size_t>(rows[static_cast<std::size_t>(i)])];
    }
  }
  return targets;
}

Matrix Encoder::labels(const Rows& rows) const {
  const CsvColumn& column = table_.targets[0];
  const std::vector<Index> places = places_of(column, encoding_.classes);
  Matrix targets =
      Matrix::Zero(static_cast<Index>(rows.size()), static_cast<Index>(encoding_.classes.size()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto code = static_cast<std::size_t>(column.codes[static_cast<std::size_t>(rows[i])]);
    if (places[code] < 0) {
      const std::string train = &file_ == &train_ ? "the training part" : train_.path().string();
      file_.fail(table_.lines[static_cast<std::size_t>(rows[i])],
                 fmt::format("label {} is of no sample of {}, whose labels are {}",
                             column.texts[code], train, fmt::join(encoding_.classes, ", ")));
    }
    targets(static_cast<Index>(i), places[code]) = 1;
  }
  return targets;
}

}  // namespace pare::nn
