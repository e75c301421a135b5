#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nn/csv_file.h"

namespace pare::nn {

/// What a column of a table holds, over all rows.
struct ColumnSurvey {
  /// The most distinct values that are told apart.
  static constexpr std::size_t kMostValues = 1000;

  struct Value {
    std::string text;
    std::size_t count;
  };

  std::size_t column;
  std::string key;  ///< as column_key() has it
  std::size_t rows = 0;
  std::size_t missing = 0;          ///< empty cells, NA and the like
  std::size_t numbers = 0;          ///< cells that are numbers
  bool whole = true;                ///< all numbers are
  bool rises = true;                ///< each number is above the one before
  std::optional<double> step = {};  ///< between each two rows, where it is the same
  bool dates = true;                ///< all cells are dates or times as text
  bool thousands = false;           ///< a text is a number with commas between its thousands
  bool lists = false;               ///< a text has commas or quotes
  std::vector<Value> values = {};   ///< distinct, numbers first, as long as there are not too many
  bool many_values = false;         ///< more than kMostValues

  bool is_text() const { return numbers + missing < rows; }
  bool is_constant() const { return values.size() == 1 && !many_values; }
};

/// Looks at every cell of a file.
std::vector<ColumnSurvey> survey_columns(const CsvFile& file);

/// Whether each value of column `a` stands in rows of one value of column `b` alone.
bool determines(const CsvFile& file, std::size_t a, std::size_t b);

}  // namespace pare::nn
