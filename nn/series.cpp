#include "nn/series.h"

#include <fmt/format.h>

#include <optional>

#include "nn/csv_columns.h"
#include "nn/csv_table.h"
#include "nn/text_file.h"
#include "nn/time_column.h"

namespace pare::nn {
namespace {

/// Looks at the steps of the first column of times, which is none of those that are used.
void note_steps(const CsvFile& file, const CsvPlaces& places, std::vector<std::string>& notes) {
  std::optional<std::size_t> time;
  bool first = true;
  std::vector<bool> used(file.columns());
  for (const CsvPlace& place : places.all()) used[place.column] = true;
  TimeSteps steps;
  file.for_each_row([&](const CsvRow& row) {
    for (std::size_t k = 0; first && !time && k < row.cells.size(); ++k) {
      const std::string title = file.titles().empty() ? "" : file.titles()[k];
      if (!used[k] && is_time_column(title, row.cells[k])) time = k;
    }
    first = false;
    if (!time) return;
    if (const auto at = parse_time(row.cells[*time])) steps.see(*at, row.line, false);
  });
  const std::vector<std::string> gaps = steps.gaps(file.path().string());
  notes.insert(notes.end(), gaps.begin(), gaps.end());
}

}  // namespace

Dataset load_series(const SeriesOptions& options, std::vector<std::string>& notes) {
  const CsvFile file(options.file, options.format);
  CsvPlaces places;
  places.targets = {{expect_column(file, options.target), CsvUse::number}};
  for (const std::size_t column : expect_columns(file, options.features)) {
    places.features.push_back({column, CsvUse::number});
  }
  if (places.features.empty()) places.features = places.targets;
  const CsvTable table = read_table(file, places, Missing::refuse);
  if (!file.note().empty()) notes.push_back(file.note());
  note_steps(file, places, notes);

  const Index samples = table.rows() - options.window - options.horizon + 1;
  if (samples < 3) {
    refuse_file(file.path(),
                fmt::format("it has {} rows, too few for a window of {} and a horizon of "
                            "{}",
                            table.rows(), options.window, options.horizon));
  }
  const auto width = static_cast<Index>(table.features.size());
  Dataset data{Matrix(samples, options.window * width), Matrix(samples, 1), Task::regression, {}};
  for (Index i = 0; i < samples; ++i) {
    for (Index line = 0; line < options.window; ++line) {
      for (Index k = 0; k < width; ++k) {
        data.inputs(i, line * width + k) =
            table.features[static_cast<std::size_t>(k)].numbers[static_cast<std::size_t>(i + line)];
      }
    }
    data.targets(i, 0) =
        table.targets[0]
            .numbers[static_cast<std::size_t>(i + options.window - 1 + options.horizon)];
  }
  for (Index line = 0; line < options.window; ++line) {
    for (const CsvPlace& place : places.features) {
      data.feature_names.push_back(
          fmt::format("{}[t-{}]", column_key(file, place.column), options.window - line));
    }
  }
  return data;
}

}  // namespace pare::nn
