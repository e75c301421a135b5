#include "bench/spread.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pare::bench {
namespace {

/// A row whose every number is one part of its spread over `rows`.
Row row_of(const SeedRows& rows, double Spread::*part) {
  Row result;
  for (const Column& column : columns()) {
    if (const auto over_seeds = spread(rows, column.value)) {
      result.*column.value = (*over_seeds).*part;
    }
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

std::optional<Spread> spread(const SeedRows& rows, Row::Number Row::*number) {
  std::vector<double> values;
  for (const Row& row : rows) {
    if (!(row.*number)) return std::nullopt;
    values.push_back(*(row.*number));
  }
  return spread(values);
}

std::optional<Spread> paired_difference(const SeedRows& rows, const SeedRows& reference,
                                        Row::Number Row::*number) {
  std::vector<double> values;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!(rows[i].*number) || !(reference[i].*number)) return std::nullopt;
    values.push_back(*(rows[i].*number) - *(reference[i].*number));
  }
  return spread(values);
}

bool within_spread(const Spread& difference) {
  return difference.sd > 0 && std::abs(difference.mean) <= difference.sd;
}

std::string first_excess(const SeedRows& rows) {
  for (const Row& row : rows) {
    if (!row.excess.empty()) return row.excess;
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
  if (all_have(&Row::board)) mean.board = first.board;
  mean.excess = first_excess(rows);
  if (all_have(&Row::note)) mean.note = first.note;
  return mean;
}

Row sd_row(const SeedRows& rows) { return row_of(rows, &Spread::sd); }

}  // namespace pare::bench
