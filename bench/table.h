#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace pare::bench {

/// The cell of a number that was not measured.
constexpr std::string_view kNothing = "-";

enum class Format : std::uint8_t { text, markdown, csv, json };

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

/// A table before it has a format: every cell is text. Numbers are right-aligned.
struct Table {
  std::vector<std::string> headers;
  std::vector<bool> numeric;  ///< by column
  std::vector<std::vector<std::string>> rows;
};

/// A text as a cell of a CSV file, quoted where it has to be.
/// Source: RFC 4180, section 2, with a bare line feed.
std::string csv_cell(const std::string& text);

/// The table in one format, ending in a newline. Text is at most `width` columns wide where its
/// cells allow that: what does not fit stands below, under the first column once more. JSON is an
/// array of objects by header, numbers as numbers and "-" as null.
std::string format_table(const Table& table, Format format, std::size_t width = kNoLimit);

}  // namespace pare::bench
