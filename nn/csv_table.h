#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/csv_columns.h"

namespace pare::nn {

/// What one column holds, row by row.
struct CsvColumn {
  CsvPlace place;
  std::string name;                      ///< for messages
  std::vector<float> numbers = {};       ///< of a number; NaN where it is missing
  std::vector<std::int32_t> codes = {};  ///< of all else: places in `texts`
  std::vector<std::string> texts = {};   ///< distinct, in the order of the rows
};

/// The columns of a file that are used, and what was done to read them.
struct CsvTable {
  std::vector<CsvColumn> features;
  std::vector<CsvColumn> targets;
  std::vector<CsvColumn> group;      ///< one or none
  std::vector<std::uint32_t> lines;  ///< of each row in the file, from 1
  std::vector<std::string> notes = {};

  Index rows() const { return static_cast<Index>(lines.size()); }
};

/// Reads the columns at `places`. A label that is a number becomes that number's shortest text.
/// Throws std::runtime_error, with file and line, on a cell that is not what its column is for.
CsvTable read_table(const CsvFile& file, const CsvPlaces& places, Missing missing);

/// The class that a cell of a row names: text, or of a whole number its shortest text, so that 0
/// and 0.0 are one. Throws std::runtime_error, with file and line, on another number.
std::string class_label(const CsvFile& file, const CsvRow& row, std::size_t column);

/// What a cell that is missing is called among the values of a category.
constexpr const char* kMissingValue = "?";

}  // namespace pare::nn
