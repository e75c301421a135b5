#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/row.h"

namespace pare::bench {

enum class Format : std::uint8_t { text, markdown, csv, json };

/// A table before it has a format: every cell is text. Numbers are right-aligned.
struct Table {
  std::vector<std::string> headers;
  std::vector<bool> numeric;  ///< by column
  std::vector<std::vector<std::string>> rows;
};

/// The table in one format, ending in a newline. JSON is an array of objects by header, numbers as
/// numbers and "-" as null.
std::string format_table(const Table& table, Format format);

/// The variants' names and every column in which at least one of them has a number.
Table comparison_table(const std::vector<Row>& rows);

/// Sorts by the column of that header, ascending, variants without a number last; "variant" sorts
/// by name. Throws std::invalid_argument, with the headers that exist, on another one.
void sort_rows(std::vector<Row>& rows, std::string_view header);

}  // namespace pare::bench
