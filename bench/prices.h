#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/encoding_costs.h"
#include "bench/table.h"
#include "mcu/encode.h"
#include "nn/random.h"

namespace pare::bench {

/// An int8 model of random shape, weights and rounding, and how its layers are stored: as
/// `encoding` or, some of them, in another way that can store them.
struct PricedModel {
  nn::Model model;
  mcu::EncodedModel encoded;
};

PricedModel sample_priced_model(const mcu::Encoding& encoding, nn::Random& random);

/// As many of each int8 encoding as its prices need. The same ones every time.
std::vector<PricedModel> sample_priced_models();

/// What a sample takes on the emulated board. Throws as measure_encoding does.
mcu::Cost measure_cost(const PricedModel& sample);

/// Prices and what they explain: mcu/encodings/costs.cpp as a value.
struct FittedPrices {
  std::vector<mcu::Term> code;    ///< bytes of flash as counts
  std::vector<mcu::Term> cycles;  ///< cycles as counts
  double code_error_bytes = 0;    ///< of nineteen of twenty samples
  double cycles_error = 0;        ///< relative
};

/// The prices that explain what the samples take best: flash in bytes, cycles in shares of them, by
/// least squares. Throws std::invalid_argument if the samples are fewer than the prices.
FittedPrices fit_prices(const std::vector<PricedModel>& samples,
                        const std::vector<mcu::Cost>& costs);

/// Measures random models in all int8 encodings on all processors, a few hundred, and fits prices.
/// Throws as measure_encoding does.
FittedPrices measure_prices();

/// mcu/encodings/costs.cpp of these sources.
std::filesystem::path costs_path();

/// The text of mcu/encodings/costs.cpp.
std::string costs_source(const FittedPrices& prices);

/// One row a price.
Table price_table(const FittedPrices& prices);

}  // namespace pare::bench
