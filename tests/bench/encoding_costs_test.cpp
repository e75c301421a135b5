#include "bench/encoding_costs.h"

#include <doctest/doctest.h>

#include "bench/kernels.h"
#include "tests/mcu/sparse_int8.h"

using namespace pare;

namespace {

/// What is always there: entering, widening the inputs, and the calls.
constexpr double kBaseCycles = 100;
constexpr double kWideningCyclesAnInput = 3;
constexpr double kBaseBytes = 90;
constexpr double kBytesACall = 20;
constexpr double kBytesAnObject = 60;

/// With a hidden zero point that is not the least int8.
nn::Model with_other_zero(nn::Model model) {
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    auto& layer = std::get<nn::Int8Layer>(model.layers[i]);
    layer.activation = nn::Activation::relu;
    layer.output.zero_point = -100;
    if (i > 0) layer.input.zero_point = -100;
  }
  return model;
}

/// An int8 model that `encoding` can store, of layers as networks have them.
nn::Model model_for(std::string_view encoding, const std::vector<nn::Index>& widths) {
  nn::Model model = bench::random_int8_model(widths);
  if (encoding == "1-bit") return tests::with_values(model, 1, {-1, 1});
  if (encoding.starts_with("2-bit")) return tests::with_values(model, 1, {-1, 0, 1});
  if (encoding == "3-bit codebook")
    return tests::with_values(model, 1, {-90, -40, -7, 0, 9, 50, 3});
  if (encoding.starts_with("4-bit") && encoding != "4-bit deltas") {
    return tests::with_values(model, 1, {-7, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 7});
  }
  if (encoding == "n:4 int8") return tests::with_n_of_m(model, 2, 4);
  if (encoding == "n:16 int8") return tests::with_n_of_m(model, 3, 16);
  if (encoding == "paired int8") return model;
  if (encoding == "dense int8") return with_other_zero(model);
  return tests::with_zeros(model, 1, 0.85);
}

}  // namespace

TEST_CASE(
    "the estimated cycles and code of every int8 encoding are the board's, within 15 and 35 %" *
    doctest::test_suite("slow")) {
  for (const mcu::Encoding& encoding : mcu::encodings()) {
    if (encoding.name == "dense float32") continue;
    CAPTURE(encoding.name);
    const nn::Model model = model_for(encoding.name, {200, 64, 37});
    const mcu::EncodedModel encoded = mcu::encode(model, mcu::Optimize::size, {&encoding, 1});
    const bench::EncodingCost cost =
        bench::measure_encoding(model, encoded, tests::random_int8_inputs(2, 200, 5));
    double cycles = kBaseCycles + 200 * kWideningCyclesAnInput;
    double bytes = kBaseBytes + static_cast<double>(encoded.bytes.size());
    std::string type;
    for (const mcu::EncodedLayer& layer : encoded.layers) {
      cycles += layer.code.cycles_estimate;
      bytes += kBytesACall + (layer.code.constants.empty() ? 0 : kBytesAnObject);
      bytes += (layer.code.type == type ? 0 : layer.code.code_bytes);
      type = layer.code.type;
    }
    const auto measured = static_cast<double>(cost.timing.cycles);
    CAPTURE(cost.flash_bytes - static_cast<long>(encoded.bytes.size()));
    CHECK(std::abs(cycles - measured) < 0.15 * measured);
    CHECK(std::abs(bytes - static_cast<double>(cost.flash_bytes)) <
          0.35 * static_cast<double>(cost.flash_bytes - static_cast<long>(encoded.bytes.size())));
  }
}
