#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/spread.h"
#include "bench/table.h"

namespace pare::bench {

/// The variants' names and every column in which at least one of them has a number. Over several
/// seeds these are means and standard deviations, and the accuracy is compared with the first
/// variant's, seed by seed: for people in one cell, with "~" before a difference that is within its
/// spread; for programs, csv and json, in columns of their own. `sort_by` sorts by the column of
/// that title, in capitals or not, ascending, variants without a number last; "variant" sorts by
/// name. Throws
/// std::invalid_argument, with the titles that there are, on another one.
Table comparison_table(const std::vector<SeedRows>& variants, Format format,
                       std::string_view sort_by = {});

/// comparison_table() in its format and width, for people with what its signs mean below it.
std::string format_comparison(const std::vector<SeedRows>& variants, Format format,
                              std::string_view sort_by = {}, std::size_t width = kNoLimit);

/// True of a format whose reader is not a program.
bool for_people(Format format);

}  // namespace pare::bench
