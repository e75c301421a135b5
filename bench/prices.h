#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/priced_models.h"
#include "bench/table.h"

namespace pare::bench {

/// What a sample takes on the emulated board. Throws as measure_encoding does.
mcu::Cost measure_cost(const PricedModel& sample);

/// What mcu/encodings/costs.cpp holds.
struct FittedPrices {
  std::vector<mcu::Term> code;    ///< bytes of flash, in the place of counts
  std::vector<mcu::Term> cycles;  ///< likewise
  double code_error_bytes = 0;    ///< no more in nineteen of twenty samples
  double cycles_error = 0;        ///< likewise, relative
};

/// The prices that explain what the samples take best: flash in bytes, cycles in shares of them, by
/// least squares. Throws std::invalid_argument if the samples are fewer than the prices.
FittedPrices fit_prices(const std::vector<PricedModel>& samples,
                        const std::vector<mcu::Cost>& costs);

/// Measures random models in all int8 encodings on all processors, a few hundred, and fits prices.
/// Throws as measure_encoding does.
FittedPrices measure_prices();

/// Where these sources have mcu/encodings/costs.cpp.
std::filesystem::path costs_path();

/// The text of mcu/encodings/costs.cpp.
std::string costs_source(const FittedPrices& prices);

/// One row a price.
Table price_table(const FittedPrices& prices);

}  // namespace pare::bench
