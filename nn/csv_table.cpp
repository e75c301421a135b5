#include "nn/csv_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>

namespace pare::nn {
namespace {

using std::string_view;

constexpr float kMostLabel = 1 << 24;  // float32 holds every whole number up to it

/// Codes of texts.
class Dictionary {
 public:
  explicit Dictionary(std::vector<std::string>& texts) : texts_(texts) {}

  std::int32_t code(string_view text) {
    const auto found = codes_.find(text);
    if (found != codes_.end()) return found->second;
    const auto code = static_cast<std::int32_t>(texts_.size());
    texts_.emplace_back(text);
    codes_.emplace(text, code);
    return code;
  }

 private:
  std::vector<std::string>& texts_;
  std::map<std::string, std::int32_t, std::less<>> codes_;
};

/// Reads one column, cell by cell.
class ColumnReader {
 public:
  ColumnReader(const CsvFile& file, CsvColumn& column, bool is_feature)
      : file_(file), column_(column), dictionary_(column.texts), is_feature_(is_feature) {}

  bool is_missing(const CsvRow& row) const {
    const string_view cell = row.cells[column_.place.column];
    return column_.place.use == CsvUse::number ? file_.is_missing_number(cell)
                                               : file_.is_missing_text(cell);
  }

  /// The column's name and what `row` has there, for a message on a missing value. Throws if the
  /// column is one of texts, of which "none" is one.
  std::string describe(const CsvRow& row) const {
    const string_view cell = row.cells[column_.place.column];
    if (column_.place.use == CsvUse::number && !cell.empty() && column_.numbers.empty()) {
      file_.for_each_row([&](const CsvRow& other) {
        const string_view below = other.cells[column_.place.column];
        if (file_.is_missing_number(below)) return;
        if (!file_.number(below)) refuse_text(row);
      });
    }
    return cell.empty() ? fmt::format("{} is empty", column_.name)
                        : fmt::format("{} is '{}'", column_.name, cell);
  }

  void read(const CsvRow& row) {
    const string_view cell = row.cells[column_.place.column];
    if (column_.place.use == CsvUse::number) {
      column_.numbers.push_back(number(row, cell));
    } else if (column_.place.use == CsvUse::label) {
      column_.codes.push_back(dictionary_.code(class_label(file_, row, column_.place.column)));
    } else {
      column_.codes.push_back(
          dictionary_.code(file_.is_missing_text(cell) ? string_view(kMissingValue) : cell));
    }
  }

  void fill() { column_.numbers.push_back(std::numeric_limits<float>::quiet_NaN()); }

  /// A column of numbers whose large values lose digits in float32, as times since 1970 do.
  std::optional<std::string> lost_digits() const {
    if (lost_ == 0) return std::nullopt;
    return fmt::format(
        "{} has numbers up to {:g}, between which float32 has steps of {:g}: {} rows have the "
        "number of the row before, though it is another in the file",
        column_.name, largest_, std::nextafter(largest_, INFINITY) - largest_, lost_);
  }

 private:
  float number(const CsvRow& row, string_view cell) {
    const std::optional<float> value = file_.number(cell);
    if (!value) refuse_text(row);
    if (std::abs(*value) >= kMostLabel) see_large(std::abs(*value), *value, cell);
    return *value;
  }

  void see_large(float magnitude, float value, string_view cell) {
    largest_ = std::max(largest_, magnitude);
    if (!column_.numbers.empty() && column_.numbers.back() == value && cell != last_) ++lost_;
    last_ = cell;
  }

  [[noreturn]] void refuse_text(const CsvRow& row) const {
    const std::size_t place = column_.place.column;
    if (!column_.numbers.empty() || file_.is_header_again(row)) file_.expect_number(row, place);
    if (!is_feature_) {
      file_.fail(row.line, fmt::format("{} holds text, '{}', and a number is expected; task = "
                                       "\"classification\" in [data] predicts texts",
                                       column_.name, shown_cell(row.cells[place])));
    }
    const std::string key = quoted_key(file_, place);
    file_.fail(row.line, fmt::format("{} holds text, '{}', and a number is expected; ignore = [{}] "
                                     "in [data] leaves the column out, categories = [{}] makes an "
                                     "input of each of its values",
                                     column_.name, shown_cell(row.cells[place]), key, key));
  }

  const CsvFile& file_;
  CsvColumn& column_;
  Dictionary dictionary_;
  bool is_feature_;
  float largest_ = 0;
  std::size_t lost_ = 0;
  std::string last_;
};

/// What to do about the missing values of a row.
class MissingValues {
 public:
  MissingValues(const CsvFile& file, Missing missing) : file_(file), missing_(missing) {}

  /// Throws where they are errors; true if the row is left out.
  bool drops(const CsvRow& row, const ColumnReader& column, bool is_feature) {
    if (missing_ == Missing::drop) {
      ++dropped_;
      if (first_ == 0) first_ = row.line;
      return true;
    }
    if (missing_ == Missing::refuse) file_.fail(row.line, column.describe(row));
    if (!is_feature) {
      file_.fail(row.line, fmt::format("{}; missing = \"drop\" in [data] leaves such rows out",
                                       column.describe(row)));
    }
    if (missing_ == Missing::error) {
      file_.fail(row.line,
                 fmt::format("{}; missing = \"drop\" in [data] leaves such rows out, missing = "
                             "\"mean\" fills in the mean of the training rows",
                             column.describe(row)));
    }
    ++filled_;
    if (first_ == 0) first_ = row.line;
    return false;
  }

  std::optional<std::string> note() const {
    if (dropped_ > 0) {
      return fmt::format("{}: {} rows with a missing value are left out, the first in line {}",
                         file_.path().string(), dropped_, first_);
    }
    if (filled_ > 0) {
      return fmt::format(
          "{}: {} missing values are filled in, the first in line {}: a number by the mean of the "
          "training rows, a category by a value of its own",
          file_.path().string(), filled_, first_);
    }
    return std::nullopt;
  }

 private:
  const CsvFile& file_;
  Missing missing_;
  std::size_t dropped_ = 0;
  std::size_t filled_ = 0;
  std::size_t first_ = 0;  ///< line
};

}  // namespace

std::string class_label(const CsvFile& file, const CsvRow& row, std::size_t column) {
  const std::optional<float> value = file.number(row.cells[column]);
  if (!value) return std::string(row.cells[column]);
  if (*value != std::round(*value) || std::abs(*value) > kMostLabel) {
    file.fail(row.line, fmt::format("{} is not a class, in {}; expected a whole number or text "
                                    "(task = \"regression\" predicts any number)",
                                    *value, file.column_name(column)));
  }
  return fmt::format("{}", *value == 0 ? 0.0F : *value);
}

CsvTable read_table(const CsvFile& file, const CsvPlaces& places, Missing missing) {
  CsvTable table;
  const auto add = [&](std::vector<CsvColumn>& columns, const std::vector<CsvPlace>& of) {
    for (const CsvPlace& place : of) {
      columns.push_back({place, file.column_name(place.column)});
      if (place.use == CsvUse::number) columns.back().numbers.reserve(file.rows());
    }
  };
  add(table.features, places.features);
  add(table.targets, places.targets);
  if (places.group) add(table.group, {*places.group});
  std::vector<CsvColumn*> columns;
  for (auto* part : {&table.features, &table.targets, &table.group}) {
    for (CsvColumn& column : *part) columns.push_back(&column);
  }
  std::vector<ColumnReader> readers;
  readers.reserve(columns.size());
  for (CsvColumn* column : columns) {
    readers.emplace_back(file, *column, readers.size() < table.features.size());
  }

  MissingValues missing_values(file, missing);
  table.lines.reserve(file.rows());
  std::vector<bool> fills(columns.size());
  file.for_each_row([&](const CsvRow& row) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      fills[i] = readers[i].is_missing(row);
      if (fills[i] && missing_values.drops(row, readers[i], i < table.features.size())) return;
    }
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (fills[i] && columns[i]->place.use == CsvUse::number) {
        readers[i].fill();
      } else {
        readers[i].read(row);
      }
    }
    table.lines.push_back(static_cast<std::uint32_t>(row.line));
  });
  if (table.rows() == 0) file.fail(1, "no row is without a missing value");
  if (const auto note = missing_values.note()) table.notes.push_back(*note);
  for (const ColumnReader& reader : readers) {
    if (const auto note = reader.lost_digits()) {
      table.notes.push_back(fmt::format("{}: {}", file.path().string(), *note));
    }
  }
  return table;
}

}  // namespace pare::nn
