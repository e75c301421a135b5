#include "bench/spread.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pare::bench {
namespace {

/// A row whose every number is one part of its spread over `rows`.
Row row_of(const SeedRows& rows, double Spread::*part) {
  Row result;
  for (const mcu::Board* board : boards_of(rows)) result.boards[std::string(board->name)];
  for (const Column& column : columns(rows)) {
    if (const auto over_seeds = spread(rows, column)) column.set(result, (*over_seeds).*part);
  }
  return result;
}

}  // namespace

Spread spread(const std::vector<double>& values) {
  const auto differs = [&](double value) { return value != values.front(); };
  if (std::none_of(values.begin(), values.end(), differs)) return {values.front(), 0};
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / (count - 1))};
}

std::optional<Spread> spread(const SeedRows& rows, const Column& column) {
  std::vector<double> values;
  for (const Row& row : rows) {
    const Number number = column.of(row);
    if (!number) return std::nullopt;
    values.push_back(*number);
  }
  return spread(values);
}

std::optional<Spread> paired_difference(const SeedRows& rows, const SeedRows& reference,
                                        const Column& column) {
  std::vector<double> values;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Number number = column.of(rows[i]);
    const Number other = column.of(reference[i]);
    if (!number || !other) return std::nullopt;
    values.push_back(*number - *other);
  }
  return spread(values);
}

bool within_spread(const Spread& difference) {
  return difference.sd > 0 && std::abs(difference.mean) <= difference.sd;
}

std::string first_excess(const SeedRows& rows) {
  for (const Row& row : rows) {
    if (std::string of_row = excess(row); !of_row.empty()) return of_row;
  }
  return {};
}

Row mean_row(const SeedRows& rows) {
  Row mean = row_of(rows, &Spread::mean);
  const Row& first = rows.front();
  const auto all_have = [&](auto Row::*member) {
    return std::all_of(rows.begin(), rows.end(),
                       [&](const Row& row) { return row.*member == first.*member; });
  };
  mean.name = first.name;
  mean.passes = first.passes;
  if (all_have(&Row::encodings)) mean.encodings = first.encodings;
  for (const Row& row : rows) {
    for (const auto& [board, figures] : row.boards) {
      std::string& of_board = mean.boards[board].excess;
      if (of_board.empty()) of_board = figures.excess;
    }
  }
  if (all_have(&Row::note)) mean.note = first.note;
  return mean;
}

Row sd_row(const SeedRows& rows) { return row_of(rows, &Spread::sd); }

}  // namespace pare::bench
