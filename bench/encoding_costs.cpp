#include "bench/encoding_costs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "bench/kernels.h"
#include "bench/measure.h"
#include "build_paths.h"
#include "mcu/emulator/emulated_board.h"
#include "mcu/export_sketch.h"
#include "nn/forward.h"
#include "nn/quantization.h"
#include "nn/random.h"

namespace pare::bench {
namespace {

EncodingCost measure_as(const nn::Model& model, std::string_view encoding) {
  const mcu::EncodedModel encoded = mcu::encode(model, {}, {&mcu::encoding_named(encoding), 1});
  return measure_encoding(model, encoded, random_int8_inputs(nn::input_count(model)));
}

void add_row(Table& table, double sparsity, std::string_view encoding, const EncodingCost& cost,
             const EncodingCost& dense) {
  const auto cycles = static_cast<double>(flash_cycles_of(cost.timing));
  table.rows.push_back(
      {fmt::format("{:.2f}", sparsity), std::string(encoding),
       fmt::format("{}", cost.weights_bytes),
       fmt::format("{:.3f}", static_cast<double>(cost.weights_bytes) /
                                 static_cast<double>(dense.weights_bytes)),
       fmt::format("{}", cost.timing.instructions), fmt::format("{:.0f}", cycles),
       fmt::format("{:.3f}", cycles / static_cast<double>(flash_cycles_of(dense.timing)))});
}

}  // namespace

nn::Int8Matrix random_int8_inputs(nn::Index count) {
  nn::Random random(1, 3);
  nn::Int8Matrix inputs(2, count);
  for (std::int8_t& input : inputs.reshaped<Eigen::RowMajor>()) {
    input = static_cast<std::int8_t>(std::lround(random.uniform(-128, 127)));
  }
  return inputs;
}

mcu::Cost cost_of(const EncodingCost& cost) {
  return {static_cast<double>(cost.flash_bytes), static_cast<double>(flash_cycles_of(cost.timing))};
}

EncodingMeter::EncodingMeter(const nn::Model& model, const nn::Int8Matrix& inputs)
    : model_(model),
      vectors_(mcu::make_test_vectors(model, nn::dequantize(inputs, nn::input_quantization(model)),
                                      inputs.rows())) {}

EncodingCost EncodingMeter::measure(const mcu::EncodedModel& encoded) {
  const mcu::Artefact artefact = mcu::make_artefact("encoding", model_, encoded);
  const std::filesystem::path build = folder_.path() / "build";
  if (empty_bytes_ == 0) {
    mcu::export_empty_sketch(artefact, vectors_, folder_.path() / "empty");
    empty_bytes_ = mcu::build_image(folder_.path() / "empty", build).flash_bytes;
  }
  const std::filesystem::path sketch = folder_.path() / fmt::format("sketch{}", ++measured_);
  mcu::export_sketch(artefact, vectors_, sketch);
  const mcu::Image image = mcu::build_image(sketch, build);
  mcu::EmulatedBoard board(image, {.timing_plugin = PARE_TIMING_PLUGIN});
  bool agrees = true;
  for (std::size_t i = 0; i < vectors_.inputs.size(); ++i) {
    agrees = board.client().infer(vectors_.inputs[i]) == vectors_.outputs[i] && agrees;
  }
  const std::vector<mcu::Timing> timings = board.stop();
  const auto slowest = std::max_element(
      timings.begin(), timings.end(),
      [](const mcu::Timing& a, const mcu::Timing& b) { return a.cycles < b.cycles; });
  return {encoded.bytes.size(), image.flash_bytes - empty_bytes_, *slowest, agrees};
}

EncodingCost measure_encoding(const nn::Model& model, const mcu::EncodedModel& encoded,
                              const nn::Int8Matrix& inputs) {
  const EncodingCost cost = EncodingMeter(model, inputs).measure(encoded);
  if (cost.agrees) return cost;
  throw std::runtime_error(
      fmt::format("'{}' does not give the reference's outputs on the emulated board",
                  encoded.layers.front().encoding));
}

nn::Model pruned_int8_layer(double sparsity) {
  nn::Model model = random_int8_model({784, 300});
  nn::Int8Matrix& weights = std::get<nn::Int8Layer>(model.layers[0]).weights;
  nn::Random random(1, 4);
  nn::Matrix reals(weights.rows(), weights.cols());
  for (float& real : reals.reshaped<Eigen::RowMajor>()) real = static_cast<float>(random.normal());
  std::vector<float> sizes(reals.data(), reals.data() + reals.size());
  for (float& size : sizes) size = std::abs(size);
  const auto pruned = static_cast<std::ptrdiff_t>(sparsity * static_cast<double>(sizes.size()));
  std::nth_element(sizes.begin(), sizes.begin() + pruned, sizes.end());
  const float least = sizes[static_cast<std::size_t>(pruned)];
  for (nn::Index row = 0; row < weights.rows(); ++row) {
    const float scale = 127 / reals.row(row).cwiseAbs().maxCoeff();
    for (nn::Index i = 0; i < weights.cols(); ++i) {
      const float real = reals(row, i);
      weights(row, i) =
          static_cast<std::int8_t>(std::abs(real) < least ? 0 : std::lround(real * scale));
    }
  }
  return model;
}

Table encoding_table() {
  Table table{{"sparsity", "encoding", "bytes", "of dense", "instructions", "cycles est.",
               "of dense cycles"},
              {true, false, true, true, true, true, true},
              {}};
  const EncodingCost dense = measure_as(pruned_int8_layer(0), "paired int8");
  add_row(table, 0, "paired int8", dense, dense);
  for (const double sparsity : {0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98}) {
    const nn::Model model = pruned_int8_layer(sparsity);
    for (const std::string_view encoding :
         {"bitmask int8", "4-bit deltas", "8-bit deltas", "sparse int8", "entropy-coded int8"}) {
      add_row(table, sparsity, encoding, measure_as(model, encoding), dense);
    }
  }
  return table;
}

}  // namespace pare::bench
