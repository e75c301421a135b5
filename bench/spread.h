#pragma once

#include <optional>
#include <vector>

#include "bench/row.h"

namespace pare::bench {

/// What was measured of one variant: a row for each seed, at least one, in the order of the seeds.
using SeedRows = std::vector<Row>;

/// A number over the seeds.
struct Spread {
  double mean;
  double sd;  ///< sample standard deviation (n - 1); exactly 0 where all are equal
};

/// Mean and standard deviation of at least one value.
Spread spread(const std::vector<double>& values);

/// The same of one number of a variant; nothing unless every seed has it.
std::optional<Spread> spread(const SeedRows& rows, const Column& column);

/// The same of what a variant's number is above the reference's, seed by seed: seeds that are hard
/// for both do not count as a difference. Both have the same seeds.
std::optional<Spread> paired_difference(const SeedRows& rows, const SeedRows& reference,
                                        const Column& column);

/// True if a difference is no larger than its standard deviation, so that neither side may be
/// called better.
bool within_spread(const Spread& difference);

/// What is over budget with the first seed with which something is; empty if nothing ever is.
std::string first_excess(const SeedRows& rows);

/// The means of `rows` as one row, as far as every seed has the number; what else they have in
/// common stays.
Row mean_row(const SeedRows& rows);

/// The standard deviations of `rows`, likewise.
Row sd_row(const SeedRows& rows);

}  // namespace pare::bench
