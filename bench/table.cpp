#include "bench/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace pare::bench {
namespace {

constexpr std::string_view kNothing = "-";

std::string shown(const Row::Number& number, Style style) {
  if (!number) return std::string(kNothing);
  switch (style) {
    case Style::count:
      return fmt::format("{:.0f}", *number);
    case Style::fixed1:
      return fmt::format("{:.1f}", *number);
    case Style::fixed3:
      return fmt::format("{:.3f}", *number);
    case Style::scientific:
      return *number == 0 ? "0" : fmt::format("{:.2e}", *number);
  }
  return {};
}

std::vector<std::size_t> column_widths(const Table& table) {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < table.headers.size(); ++c) {
    std::size_t width = table.headers[c].size();
    for (const auto& row : table.rows) width = std::max(width, row[c].size());
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
    for (const auto& row : table.rows) width = std::max(width, row[c].size());
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

/// Source: RFC 4180, section 2, with a bare line feed.
std::string csv_cell(const std::string& cell) {
  if (cell == kNothing) return "";
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string as_csv(const Table& table) {
  std::string text;
  const auto add = [&text](const std::vector<std::string>& cells) {
    for (std::size_t c = 0; c < cells.size(); ++c) text += (c > 0 ? "," : "") + csv_cell(cells[c]);
    text += "\n";
  };
  add(table.headers);
  for (const auto& row : table.rows) add(row);
  return text;
}

nlohmann::ordered_json json_cell(const std::string& cell, bool numeric) {
  if (cell == kNothing) return nullptr;
  if (!numeric) return cell;
  auto number = nlohmann::ordered_json::parse(cell, nullptr, false);
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
  return rows.dump(2) + "\n";
}

}  // namespace

std::string format_table(const Table& table, Format format) {
  switch (format) {
    case Format::text:
      return as_text(table);
    case Format::markdown:
      return as_markdown(table);
    case Format::csv:
      return as_csv(table);
    case Format::json:
      return as_json(table);
  }
  return {};
}

Table comparison_table(const std::vector<Row>& rows) {
  Table table{{"variant"}, {false}, {}};
  for (const Row& row : rows) table.rows.push_back({row.name});
  for (const Column& column : columns()) {
    if (column.header == nullptr) continue;
    const auto measured = [&](const Row& row) { return (row.*column.value).has_value(); };
    if (std::none_of(rows.begin(), rows.end(), measured)) continue;
    table.headers.emplace_back(column.header);
    table.numeric.push_back(true);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      table.rows[i].push_back(shown(rows[i].*column.value, column.style));
    }
  }
  return table;
}

void sort_rows(std::vector<Row>& rows, std::string_view header) {
  if (header == "variant") {
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row& a, const Row& b) { return a.name < b.name; });
    return;
  }
  const auto all = columns();
  const auto column = std::find_if(all.begin(), all.end(), [&](const Column& c) {
    return c.header != nullptr && c.header == header;
  });
  if (column == all.end()) {
    std::vector<std::string_view> known{"variant"};
    for (const Column& c : all) {
      if (c.header != nullptr) known.emplace_back(c.header);
    }
    throw std::invalid_argument(
        fmt::format("no column is called '{}'; there are: {}", header, fmt::join(known, ", ")));
  }
  std::stable_sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
    const Row::Number& left = a.*column->value;
    const Row::Number& right = b.*column->value;
    if (!left || !right) return left.has_value() && !right.has_value();
    return *left < *right;
  });
}

}  // namespace pare::bench
