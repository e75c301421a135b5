#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/spread.h"

namespace pare::bench {

/// What was measured of a variant, in short: "556 B of weights, 1068 B of flash, MSE 1.25e-04, 859
/// cycles est., 1000 of 1000 bit-exact"; instead or after it the row's note.
std::string summarize(const Row& row);

/// The notes of all variants, each with its variant, and with the seeds that it holds for unless it
/// holds for all. `seeds` are those of the rows.
std::vector<std::string> collect_notes(const std::vector<SeedRows>& variants,
                                       const std::vector<std::uint64_t>& seeds);

}  // namespace pare::bench
