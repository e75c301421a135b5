#include "bench/comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "nn/nearest_name.h"

namespace pare::bench {
namespace {

/// A number as the table shows it: with its standard deviation where the seeds differ.
struct Shown {
  std::string mean = std::string(kNothing);
  std::string sd = std::string(kNothing);  ///< "0" where the seeds agree
  bool varies = false;
};

/// Of the first digit; 0 for 0, and for what has no digits.
int exponent(double value) {
  if (value == 0 || !std::isfinite(value)) return 0;
  return static_cast<int>(std::floor(std::log10(std::abs(value))));
}

std::string scientific(double value, int decimals) {
  return value == 0 ? "0" : fmt::format("{:.{}e}", value, decimals);
}

/// With as many decimals as the style has, or more where the spread would else read 0.
Shown shown_fixed(const Spread& number, int decimals) {
  const bool varies = number.sd > 0;
  while (varies && decimals < 6 && number.sd < 0.5 * std::pow(10, -decimals)) ++decimals;
  return {fmt::format("{:.{}f}", number.mean, decimals),
          varies ? fmt::format("{:.{}f}", number.sd, decimals) : "0", varies};
}

/// The spread with one digit, and its mean up to that digit's place.
Shown shown_scientific(const Spread& number) {
  if (number.sd == 0) return {scientific(number.mean, 2), "0", false};
  const int decimals = std::clamp(exponent(number.mean) - exponent(number.sd), 1, 4);
  return {scientific(number.mean, decimals), scientific(number.sd, 0), true};
}

Shown shown(const std::optional<Spread>& number, Style style) {
  if (!number) return {};
  switch (style) {
    case Style::count:
      return shown_fixed(*number, 0);
    case Style::fixed1:
      return shown_fixed(*number, 1);
    case Style::fixed2:
      return shown_fixed(*number, 2);
    case Style::fixed3:
      return shown_fixed(*number, 3);
    case Style::scientific:
      return shown_scientific(*number);
  }
  return {};
}

/// A difference for people: signed, and marked where it is within its spread.
Shown shown_difference(const std::optional<Spread>& difference, Style style) {
  Shown number = shown(difference, style);
  if (difference && difference->mean > 0) number.mean.insert(0, "+");
  if (difference && within_spread(*difference)) number.mean.insert(0, "~ ");
  return number;
}

/// Adds a column, or two if the standard deviations shall have their own; none if it has no number.
void append(Table& table, const std::string& title, const std::vector<Shown>& numbers, bool split) {
  const auto measured = [](const Shown& number) { return number.mean != kNothing; };
  if (std::none_of(numbers.begin(), numbers.end(), measured)) return;
  table.headers.push_back(title);
  table.numeric.push_back(true);
  if (split) {
    table.headers.push_back(title + " sd");
    table.numeric.push_back(true);
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto& [mean, sd, varies] = numbers[i];
    table.rows[i].push_back(split || !varies ? mean : fmt::format("{} ± {}", mean, sd));
    if (split) table.rows[i].push_back(sd);
  }
}

/// Adds what is over budget, if something is.
void append_excess(Table& table, const std::vector<SeedRows>& variants) {
  std::vector<std::string> cells;
  for (const SeedRows& rows : variants) cells.push_back(first_excess(rows));
  if (std::all_of(cells.begin(), cells.end(), [](const auto& cell) { return cell.empty(); }))
    return;
  table.headers.emplace_back("over budget");
  table.numeric.push_back(false);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    table.rows[i].push_back(cells[i].empty() ? std::string(kNothing) : cells[i]);
  }
}

/// The columns of the boards that any row of any variant has.
std::vector<Column> columns_of(const std::vector<SeedRows>& variants) {
  std::vector<Row> rows;
  for (const SeedRows& variant : variants) rows.insert(rows.end(), variant.begin(), variant.end());
  return columns(rows);
}

/// The column of a title, in capitals or small letters. Throws std::invalid_argument, with the
/// titles that there are, if no column has that one.
const Column& column_titled(const std::vector<Column>& all, std::string_view title) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Column& column) {
    return !column.header.empty() && nn::edit_distance(column.header, title) == 0;
  });
  if (found != all.end()) return *found;
  std::vector<std::string_view> known{"variant"};
  for (const Column& column : all) {
    if (!column.header.empty()) known.emplace_back(column.header);
  }
  throw std::invalid_argument(fmt::format("no column is called '{}'; there are: {}{}", title,
                                          fmt::join(known, ", "), nn::did_you_mean(title, known)));
}

void sort(std::vector<SeedRows>& variants, const std::vector<Column>& all, std::string_view title) {
  if (nn::edit_distance(title, "variant") == 0) {
    std::stable_sort(variants.begin(), variants.end(), [](const SeedRows& a, const SeedRows& b) {
      return a.front().name < b.front().name;
    });
    return;
  }
  const Column& column = column_titled(all, title);
  std::stable_sort(variants.begin(), variants.end(), [&](const SeedRows& a, const SeedRows& b) {
    const auto left = spread(a, column);
    const auto right = spread(b, column);
    if (!left || !right) return left.has_value() && !right.has_value();
    return left->mean < right->mean;
  });
}

/// "dense int8, 2 x sparse int8"
std::string encodings_of(const Row& row) {
  std::string text;
  for (std::size_t i = 0; i < row.encodings.size();) {
    std::size_t end = i;
    while (end < row.encodings.size() && row.encodings[end] == row.encodings[i]) ++end;
    if (i > 0) text += ", ";
    text += end - i > 1 ? fmt::format("{} x {}", end - i, row.encodings[i]) : row.encodings[i];
    i = end;
  }
  return text;
}

/// How the layers are encoded: the same with every seed, or not. No column if no variant says it.
void append_encodings(Table& table, const std::vector<SeedRows>& variants) {
  const auto known = [](const SeedRows& rows) { return !rows.front().encodings.empty(); };
  if (std::none_of(variants.begin(), variants.end(), known)) return;
  table.headers.emplace_back("encodings");
  table.numeric.push_back(false);
  for (std::size_t i = 0; i < variants.size(); ++i) {
    const SeedRows& rows = variants[i];
    const bool same = std::all_of(rows.begin(), rows.end(), [&](const Row& row) {
      return row.encodings == rows.front().encodings;
    });
    table.rows[i].push_back(same ? encodings_of(rows.front()) : "vary");
  }
}

std::size_t seed_count(const std::vector<SeedRows>& variants) {
  return variants.empty() ? 0 : variants.front().size();
}

}  // namespace

bool for_people(Format format) { return format == Format::text || format == Format::markdown; }

Table comparison_table(const std::vector<SeedRows>& variants, Format format,
                       std::string_view sort_by) {
  std::vector<SeedRows> sorted = variants;
  const std::vector<Column> all = columns_of(variants);
  if (!sort_by.empty()) sort(sorted, all, sort_by);
  const bool people = for_people(format);
  const bool several = seed_count(variants) > 1;
  Table table{{"variant"}, {false}, {}};
  for (const SeedRows& rows : sorted) table.rows.push_back({rows.front().name});
  for (const Column& column : all) {
    if (column.header.empty()) continue;
    std::vector<Shown> numbers;
    std::vector<Shown> differences;
    for (const SeedRows& rows : sorted) {
      numbers.push_back(shown(spread(rows, column), column.style));
      const auto difference = paired_difference(rows, variants.front(), column);
      differences.push_back(people ? shown_difference(difference, column.style)
                                   : shown(difference, column.style));
    }
    append(table, column.header, numbers, several && !people);
    if (!several || !column.compared) continue;
    append(table, fmt::format("{} vs {}", column.header, variants.front().front().name),
           differences, !people);
  }
  append_encodings(table, sorted);
  append_excess(table, sorted);
  return table;
}

std::string format_comparison(const std::vector<SeedRows>& variants, Format format,
                              std::string_view sort_by, std::size_t width) {
  std::string text = format_table(comparison_table(variants, format, sort_by), format, width);
  const std::size_t seeds = seed_count(variants);
  if (seeds < 2 || !for_people(format)) return text;
  return text +
         fmt::format(
             "\nMean ± standard deviation over {} seeds; differences from {} are taken seed by "
             "seed.\n~ marks a difference within its spread: neither is better.\n",
             seeds, variants.front().front().name);
}

}  // namespace pare::bench
