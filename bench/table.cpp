#include "bench/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "nn/json_text.h"

namespace pare::bench {
namespace {

/// Columns on a terminal: UTF-8 continuation bytes take none.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::vector<std::size_t> column_widths(const Table& table) {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < table.headers.size(); ++c) {
    std::size_t width = width_of(table.headers[c]);
    for (const auto& row : table.rows) width = std::max(width, width_of(row[c]));
    widths.push_back(width);
  }
  return widths;
}

/// Cells padded to their columns, numbers to the right, with `gap` between them.
std::string padded(const Table& table, const std::vector<std::string>& cells,
                   const std::vector<std::size_t>& widths, std::string_view gap) {
  std::string line;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    if (c > 0) line += gap;
    line += table.numeric[c] ? fmt::format("{:>{}}", cells[c], widths[c])
                             : fmt::format("{:<{}}", cells[c], widths[c]);
  }
  return line;
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

/// A title over several lines, words kept whole, none wider than `width` unless a word is.
std::vector<std::string> wrap(const std::string& title, std::size_t width) {
  std::vector<std::string> lines;
  std::istringstream words(title);
  for (std::string word; words >> word;) {
    if (!lines.empty() && lines.back().size() + 1 + word.size() <= width) {
      lines.back() += " " + word;
    } else {
      lines.push_back(word);
    }
  }
  return lines;
}

/// Titles are wrapped to their columns' numbers, so that the table stays narrow.
std::string as_text(const Table& table) {
  std::vector<std::vector<std::string>> titles;
  std::vector<std::size_t> widths;
  std::size_t height = 0;
  for (std::size_t c = 0; c < table.headers.size(); ++c) {
    std::size_t width = 0;
    for (const auto& row : table.rows) width = std::max(width, width_of(row[c]));
    titles.push_back(wrap(table.headers[c], width));
    for (const std::string& line : titles.back()) width = std::max(width, line.size());
    widths.push_back(width);
    height = std::max(height, titles.back().size());
  }
  std::string text;
  for (std::size_t line = 0; line < height; ++line) {
    std::vector<std::string> cells;
    for (const auto& title : titles) {
      const std::size_t empty = height - title.size();
      cells.push_back(line < empty ? "" : title[line - empty]);
    }
    text += trimmed(padded(table, cells, widths, "  ")) + "\n";
  }
  for (const auto& row : table.rows) text += trimmed(padded(table, row, widths, "  ")) + "\n";
  return text;
}

/// The first column and those from `begin` to `end`.
Table columns_of(const Table& table, std::size_t begin, std::size_t end) {
  const auto pick = [&](const auto& cells) {
    auto picked = cells;
    picked.erase(picked.begin() + static_cast<std::ptrdiff_t>(end), picked.end());
    picked.erase(picked.begin() + 1, picked.begin() + static_cast<std::ptrdiff_t>(begin));
    return picked;
  };
  Table part{pick(table.headers), pick(table.numeric), {}};
  for (const auto& row : table.rows) part.rows.push_back(pick(row));
  return part;
}

std::size_t text_width(const std::string& text) {
  std::size_t width = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) width = std::max(width, width_of(line));
  return width;
}

/// As many columns side by side as fit, and the others in blocks below that begin with the first.
std::string as_text(const Table& table, std::size_t width) {
  std::string text;
  std::size_t begin = 1;
  do {
    std::size_t end = std::min(begin + 1, table.headers.size());
    std::string block = as_text(columns_of(table, begin, end));
    while (end < table.headers.size()) {
      std::string wider = as_text(columns_of(table, begin, end + 1));
      if (text_width(wider) > width) break;
      block = std::move(wider);
      ++end;
    }
    text += (text.empty() ? "" : "\n") + block;
    begin = end;
  } while (begin < table.headers.size());
  return text;
}

/// A bar within a cell would end it.
std::vector<std::string> with_bars_escaped(std::vector<std::string> cells) {
  for (std::string& cell : cells) {
    for (std::size_t at = cell.find('|'); at != std::string::npos; at = cell.find('|', at + 2)) {
      cell.insert(at, 1, '\\');
    }
  }
  return cells;
}

std::string as_markdown(Table table) {
  table.headers = with_bars_escaped(std::move(table.headers));
  for (auto& row : table.rows) row = with_bars_escaped(std::move(row));
  const std::vector<std::size_t> widths = column_widths(table);
  std::string text = "| " + padded(table, table.headers, widths, " | ") + " |\n|";
  for (std::size_t c = 0; c < widths.size(); ++c) {
    text += std::string(widths[c] + 1, '-') + (table.numeric[c] ? ":|" : "-|");
  }
  text += "\n";
  for (const auto& row : table.rows) text += "| " + padded(table, row, widths, " | ") + " |\n";
  return text;
}

std::string as_csv(const Table& table) {
  std::string text;
  const auto add = [&text](const std::vector<std::string>& cells) {
    for (std::size_t c = 0; c < cells.size(); ++c)
      text += (c > 0 ? "," : "") + (cells[c] == kNothing ? "" : csv_cell(cells[c]));
    text += "\n";
  };
  add(table.headers);
  for (const auto& row : table.rows) add(row);
  return text;
}

nlohmann::ordered_json json_cell(const std::string& cell, bool numeric) {
  if (cell == kNothing) return nullptr;
  if (!numeric) return cell;
  auto number = nn::parse_ordered_json(cell);
  return number.is_discarded() ? nullptr : std::move(number);  // JSON has no NaN and no infinity
}

std::string as_json(const Table& table) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const auto& row : table.rows) {
    nlohmann::ordered_json object;
    for (std::size_t c = 0; c < row.size(); ++c) {
      object[table.headers[c]] = json_cell(row[c], table.numeric[c]);
    }
    rows.push_back(std::move(object));
  }
  return nn::json_text(rows, 2) + "\n";
}

}  // namespace

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string format_table(const Table& table, Format format, std::size_t width) {
  switch (format) {
    case Format::text:
      return as_text(table, width);
    case Format::markdown:
      return as_markdown(table);
    case Format::csv:
      return as_csv(table);
    case Format::json:
      return as_json(table);
  }
  return {};
}

}  // namespace pare::bench
