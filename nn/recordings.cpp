#include "nn/recordings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "nn/csv_columns.h"
#include "nn/csv_table.h"
#include "nn/name_pattern.h"
#include "nn/text_file.h"
#include "nn/time_column.h"
#include "nn/windows.h"

namespace pare::nn {
namespace {

namespace fs = std::filesystem;

std::string quoted_pattern(const std::string& pattern) {
  return fmt::format("name = '{}'", pattern);
}

/// A row that stands between recordings: the header again, or nothing but empty cells and dashes.
bool is_border(const CsvFile& file, const CsvRow& row) {
  const bool blank = std::all_of(row.cells.begin(), row.cells.end(), [](std::string_view cell) {
    return cell.find_first_not_of('-') == cell.npos;
  });
  return blank || (!file.titles().empty() && file.is_header_again(row));
}

/// What follows `root` in a path, from its slash on.
std::string path_below(const std::string& root, const std::string& path) {
  const bool below = !root.empty() && path.starts_with(root);
  return below ? "/" + fs::path(path).lexically_relative(root).string() : path;
}

/// Reads the recordings of one file.
class RecordingReader {
 public:
  RecordingReader(const RecordingOptions& options, const std::string& path,
                  const std::optional<NamePattern>& pattern, std::vector<std::string>& notes)
      : options_(options), file_(path, options.format), notes_(notes) {
    if (file_.rows() == 0) refuse_file(path, "it holds no samples, only a header");
    if (!file_.note().empty()) notes_.push_back(file_.note());
    find_columns();
    name(path, pattern);
  }

  std::vector<Recording> read() {
    file_.for_each_row([&](const CsvRow& row) { see(row); });
    if (options_.length == 0) note_uneven_blocks();
    for (std::string& gap : steps_.gaps(file_.path().string())) notes_.push_back(std::move(gap));
    return std::move(recordings_);
  }

  /// The steps of the column of times; nothing where there is none.
  std::optional<TimeSteps::Range> steps() const { return steps_.range(); }

  const std::vector<std::string>& times() const { return times_; }

  /// Titles, or numbers, of the columns that are features.
  std::vector<std::string> feature_keys() const {
    std::vector<std::string> keys;
    for (const std::size_t column : features_) keys.push_back(column_key(file_, column));
    return keys;
  }

 private:
  void find_columns() {
    const auto has = [](const std::vector<std::size_t>& columns, std::size_t column) {
      return std::find(columns.begin(), columns.end(), column) != columns.end();
    };
    const auto ignored = expect_columns(file_, options_.ignore);
    features_ = expect_columns(file_, options_.features);
    std::vector<std::size_t> targets;
    if (options_.label_from == LabelFrom::column) {
      target_ = expect_column(file_, options_.target);
      targets = {*target_};
    }
    check_features(file_, features_, targets, ignored);
    std::vector<std::string> first;
    file_.for_each_row([&](const CsvRow& row) {
      if (first.empty() && !is_border(file_, row)) first.assign(row.cells.begin(), row.cells.end());
    });
    for (std::size_t column = 0; column < file_.columns() && !first.empty(); ++column) {
      if (column == target_) continue;
      const std::string title = file_.titles().empty() ? "" : file_.titles()[column];
      const bool time = is_time_column(title, first[column]);
      if (time && !time_) time_ = column;
      if (!options_.features.empty() || has(ignored, column)) continue;
      if (time) {
        times_.push_back(file_.column_name(column));
      } else {
        features_.push_back(column);
      }
    }
    if (features_.empty()) refuse_file(file_.path(), "no column is left for a feature");
  }

  void name(const std::string& path, const std::optional<NamePattern>& pattern) {
    if (options_.label_from == LabelFrom::file) label_ = fs::path(path).stem().string();
    if (options_.label_from == LabelFrom::folder) {
      label_ = fs::path(path).parent_path().filename().string();
    }
    if (!pattern) return;
    const std::string place = path_below(options_.root, path);
    const std::optional<std::string> label = pattern->find(place, "label");
    if (options_.label_from == LabelFrom::name) {
      if (!label || label->empty()) {
        refuse_file(path,
                    fmt::format("its path gives no label by {}", quoted_pattern(options_.pattern)));
      }
      label_ = *label;
    }
    if (!pattern->has("group")) return;
    group_ = pattern->find(place, "group").value_or("");
    if (group_.empty()) {
      refuse_file(path,
                  fmt::format("its path gives no group by {}", quoted_pattern(options_.pattern)));
    }
  }

  void see(const CsvRow& row) {
    if (is_border(file_, row)) {
      border_ = true;
      return;
    }
    if (target_ && file_.is_missing_text(row.cells[*target_])) {
      const std::string_view cell = row.cells[*target_];
      file_.fail(row.line,
                 fmt::format("{} is {}: the label is missing", file_.column_name(*target_),
                             cell.empty() ? "empty" : fmt::format("'{}'", cell)));
    }
    const std::string label = target_ ? class_label(file_, row, *target_) : label_;
    const bool block =
        recordings_.empty() || border_ || row.after_blank || label != recordings_.back().label;
    const bool full = !recordings_.empty() && options_.length > 0 &&
                      static_cast<Index>(recordings_.back().lines.size()) == options_.length;
    if (block) blocks_.push_back(0);
    ++blocks_.back();
    if (block || full) recordings_.push_back({label, group_, file_.path().string(), {}, {}});
    see_time(row, block || full);
    border_ = false;
    Recording& recording = recordings_.back();
    recording.lines.push_back(row.line);
    for (const std::size_t column : features_)
      recording.values.push_back(expect_number(row, column));
  }

  float expect_number(const CsvRow& row, std::size_t column) const {
    const std::optional<float> value = file_.number(row.cells[column]);
    if (value) return *value;
    file_.fail(row.line, fmt::format("{} holds '{}', and a number is expected; ignore = [{}] in "
                                     "[data] leaves the column out",
                                     file_.column_name(column), shown_cell(row.cells[column]),
                                     quoted_key(file_, column)));
  }

  void see_time(const CsvRow& row, bool border) {
    if (!time_) return;
    // A gap where the label changes is one too; other borders are no place to look for it.
    const bool restarts = border && (border_ || row.after_blank);
    if (const auto time = parse_time(row.cells[*time_])) steps_.see(*time, row.line, restarts);
  }

  /// Blocks that are several times as long as others may hold several recordings.
  void note_uneven_blocks() {
    if (blocks_.size() < 2 || options_.label_from == LabelFrom::column) return;
    const std::size_t least = *std::min_element(blocks_.begin(), blocks_.end() - 1);
    const bool multiples = std::all_of(blocks_.begin(), blocks_.end() - 1,
                                       [&](std::size_t block) { return block % least == 0; });
    const bool larger = *std::max_element(blocks_.begin(), blocks_.end() - 1) > least;
    if (!multiples || !larger) return;
    notes_.push_back(
        fmt::format("{}: its recordings have {} lines, which but for the last are "
                    "multiples of {}; if so many lines are a recording, say length = {} in [data]",
                    file_.path().string(), fmt::join(blocks_, ", "), least, least));
  }

  const RecordingOptions& options_;
  CsvFile file_;
  std::vector<std::string>& notes_;
  std::vector<std::size_t> features_;
  std::optional<std::size_t> target_;
  std::optional<std::size_t> time_;
  std::string label_;
  std::string group_;
  bool border_ = false;
  std::vector<std::string> times_;  ///< names of the columns that are left out as times
  std::vector<Recording> recordings_;
  std::vector<std::size_t> blocks_;  ///< lines between borders
  TimeSteps steps_;
};

}  // namespace

std::vector<std::size_t> recording_lengths(const CsvFile& file) {
  std::vector<std::size_t> lengths;
  bool border = true;
  file.for_each_row([&](const CsvRow& row) {
    if (is_border(file, row)) {
      border = true;
      return;
    }
    if (border || row.after_blank) lengths.push_back(0);
    ++lengths.back();
    border = false;
  });
  return lengths;
}

Dataset load_recordings(const RecordingOptions& options, std::vector<std::string>& notes) {
  std::optional<NamePattern> pattern;
  try {
    if (!options.pattern.empty()) pattern.emplace(options.pattern);
    if (options.label_from == LabelFrom::name && (!pattern || !pattern->has("label"))) {
      throw std::runtime_error("it has no (?<label>...), which says what the class is");
    }
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{}: {}", quoted_pattern(options.pattern), error.what()));
  }
  std::vector<Recording> recordings;
  std::vector<std::string> features;
  std::optional<TimeSteps::Range> steps;
  for (const std::string& path : options.files) {
    RecordingReader reader(options, path, pattern, notes);
    if (features.empty()) {
      features = reader.feature_keys();
      if (!reader.times().empty()) {
        notes.push_back(
            fmt::format("{}: times are no features: {}; features = [...] in [data] makes "
                        "them some",
                        path, fmt::join(reader.times(), ", ")));
      }
    }
    if (reader.feature_keys() != features) {
      refuse_file(path, fmt::format("its features are {}, and those of {} are {}",
                                    fmt::join(reader.feature_keys(), ", "), options.files.front(),
                                    fmt::join(features, ", ")));
    }
    std::vector<Recording> read = reader.read();
    std::move(read.begin(), read.end(), std::back_inserter(recordings));
    if (const auto of_file = reader.steps()) {
      steps = steps ? TimeSteps::Range{std::min(steps->least, of_file->least), of_file->usual,
                                       std::max(steps->most, of_file->most)}
                    : *of_file;
    }
  }
  if (steps && steps->most - steps->least > 0.1 * steps->usual) {
    notes.push_back(
        fmt::format("the lines of recordings are {:.4g} to {:.4g} apart in time, mostly "
                    "{:.4g}",
                    steps->least, steps->most, steps->usual));
  }
  return gather_windows(recordings, features, {options.window, options.stride}, notes);
}

}  // namespace pare::nn
