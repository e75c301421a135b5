#include "bench/kernels.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <stdexcept>
#include <utility>

#include "bench/choose_encodings.h"
#include "bench/measure.h"
#include "mcu/encode.h"
#include "mcu/temporary_folder.h"
#include "nn/mlp.h"
#include "nn/quantization.h"
#include "nn/random.h"

namespace pare::bench {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr nn::Index kVectors = 16;

struct Measure {
  std::string_view name;
  double BoardFigures::*figure;
};
constexpr Measure kInstructions{"instructions", &BoardFigures::instructions};
constexpr Measure kCycles{"cycles est.", &BoardFigures::cycles_estimate};
constexpr Measure kFlash{"flash B", &BoardFigures::flash_bytes};
constexpr Measure kRam{"RAM B", &BoardFigures::ram_bytes};

/// Cycles that were counted on a chip and published.
struct Silicon {
  double cycles;
  std::string_view whose;
};

struct Work {
  std::string_view name;
  std::vector<nn::Index> widths;
  nn::Arithmetic arithmetic;
  std::string optimization;
  mcu::Optimize optimize;
  std::vector<Measure> measures;
  std::optional<BoardFigures> cmsis_nn;  ///< as kRecorded says; of the measures alone
  std::optional<Silicon> silicon = {};
};

constexpr std::string_view kRecorded =
    "recorded on 2026-11-26 by --cmsis-nn with commit 99f736a6 of 2026-07-15 and GCC 12.2.1";

const std::vector<nn::Index> kSine = {1, 16, 16, 1};
const std::vector<nn::Index> kAnomalyDetection = {640, 128, 128, 128, 128, 8,
                                                  128, 128, 128, 128, 640};

/// The nets that others measure, from the seed example to MLPerf Tiny's. Sources: FC, Sudharsan et
/// al., "TinyML Benchmark: Executing Fully Connected Neural Networks on Commodity
/// Microcontrollers", WF-IoT 2021.
std::vector<Work> all_work() {
  using mcu::Optimize;
  using nn::Arithmetic;
  const std::vector<Measure> all{kInstructions, kCycles, kFlash, kRam};
  const std::vector<Measure> time{kInstructions, kCycles};
  const auto int8 = [&](std::string_view name, std::vector<nn::Index> widths,
                        const BoardFigures& cmsis_nn, std::optional<Silicon> silicon = {}) {
    return Work{name, std::move(widths), Arithmetic::int8, "-O3", Optimize::speed,
                time, cmsis_nn,          silicon};
  };
  const std::optional<Silicon> plumerai{
      {486000, "Plumerai, Cortex-M4 at 120 MHz, MLPerf Tiny v1.1"}};
  return {
      {"sine int8", kSine, Arithmetic::int8, "-O3", Optimize::speed, all,
       BoardFigures{2598, 3713, 2260, 34}},
      {"sine int8", kSine, Arithmetic::int8, "-Os", Optimize::size, all,
       BoardFigures{2644, 3799, 2154, 34}},
      {"sine float32",
       kSine,
       Arithmetic::float32,
       "-O3",
       Optimize::speed,
       all,
       {},
       Silicon{1920, "onnx2c, STM32F411 at 96 MHz"}},
      {"sine float32", kSine, Arithmetic::float32, "-Os", Optimize::size, all, {}},
      int8("32-16-4 int8", {32, 16, 4}, {2387, 3462},
           Silicon{3786, "CMSIS-NN called directly, nRF52840"}),
      {"1000-4-3 float32",
       {1000, 4, 3},
       Arithmetic::float32,
       "-O3",
       Optimize::speed,
       time,
       {},
       Silicon{69370, "TFLite Micro, Nano 33 BLE"}},
      int8("FC 1x10 int8, 4-10-3", {4, 10, 3}, {1149, 1633}),
      int8("FC 10x10 int8, 64-10x10-10", {64, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10},
           {10854, 15606}),
      int8("FC 10+50 int8, 64-10-50-10", {64, 10, 50, 10}, {7410, 10720}),
      int8("33-20-10-4 int8", {33, 20, 10, 4}, {3984, 6006}),
      int8("16x16 int8", {16, 16}, {1429, 2022}),
      int8("128x128 int8", {128, 128}, {37189, 54966}),
      int8("784x300 int8", {784, 300}, {455950, 688100}),
      int8("MLPerf Tiny AD int8", kAnomalyDetection, {579166, 859043}, plumerai),
      {"MLPerf Tiny AD int8", kAnomalyDetection, Arithmetic::int8, "-Os", Optimize::speed, time,
       BoardFigures{579364, 859437}, plumerai},
  };
}

/// `model` on the emulated board.
BoardFigures measure(std::string_view name, const nn::Model& model,
                     const mcu::EncodedModel& encoded, const std::string& optimization) {
  const mcu::TemporaryFolder folder;
  BoardRow row;
  const nn::Matrix inputs = random_inputs(nn::input_count(model));
  if (!measure_board(mcu::make_artefact("kernel", model, encoded), mcu::nano33ble(), inputs,
                     folder.path(), row, optimization)) {
    throw std::runtime_error(
        fmt::format("{} with {}: the board's outputs are not the reference's", name, optimization));
  }
  return {row.instructions.value(), row.flash_cycles_estimate.value(), row.flash_bytes.value(),
          row.ram_bytes.value(), row.cycles_estimate.value()};
}

/// How the encodings of a work's model were chosen, by its name and what for.
using Choices = std::map<std::pair<std::string_view, mcu::Optimize>, mcu::EncodedModel>;

void add_rows(const Work& work, const CmsisNn* library, Choices& choices, Table& table) {
  const bool int8 = work.arithmetic == nn::Arithmetic::int8;
  const nn::Model model = int8 ? random_int8_model(work.widths)
                               : nn::make_mlp(work.widths, nn::Activation::relu, kSeed);
  const nn::Model peers_model = one_scale_a_layer(model);
  const nn::Matrix inputs = random_inputs(work.widths.front());
  auto choice = choices.find({work.name, work.optimize});
  if (choice == choices.end()) {
    choice =
        choices
            .emplace(std::pair(work.name, work.optimize), choose_encodings(model, {work.optimize}))
            .first;
  }
  const BoardFigures ours = measure(work.name, model, choice->second, work.optimization);
  const BoardFigures plain = measure_plain_c(peers_model, inputs, work.optimization);
  const std::optional<BoardFigures> cmsis_nn =
      int8 && library != nullptr ? library->measure(peers_model, inputs, work.optimization)
                                 : work.cmsis_nn;
  const auto cell = [](double figure) { return fmt::format("{:.0f}", figure); };
  for (const Measure& measure : work.measures) {
    const bool published = work.silicon && measure.name == kCycles.name;
    table.rows.push_back({std::string(work.name), work.optimization,
                          std::string(mcu::name(work.optimize)), std::string(measure.name),
                          cell(ours.*measure.figure), cell(plain.*measure.figure),
                          cmsis_nn ? cell((*cmsis_nn).*measure.figure) : std::string(kNothing),
                          published ? cell(work.silicon->cycles) : std::string(kNothing),
                          std::string(published ? work.silicon->whose : kNothing)});
  }
}

/// What nine zeros in ten weights save, by one choice of encodings a row.
void add_pruned_lenet(Table& table) {
  constexpr std::string_view kName = "LeNet-300-100 int8, 90 % zeros";
  const std::vector<nn::Index> widths = {784, 300, 100, 10};
  const nn::Model dense = random_int8_model(widths);
  const nn::Model pruned = random_int8_model(widths, 0.9);
  const auto costs = [&](const nn::Model& model, mcu::Optimize optimize) {
    const mcu::EncodedModel encoded = choose_encodings(model, {optimize});
    return std::pair(measure(kName, model, encoded, "-O3").cycles_estimate,
                     static_cast<double>(encoded.bytes.size()));
  };
  const auto [dense_cycles, dense_bytes] = costs(dense, mcu::Optimize::speed);
  for (const mcu::Optimize optimize : {mcu::Optimize::speed, mcu::Optimize::size}) {
    const auto add = [&](const char* measure, double ratio) {
      const std::string none(kNothing);
      table.rows.push_back({std::string(kName), "-O3", std::string(mcu::name(optimize)), measure,
                            fmt::format("{:.3f}", ratio), none, none, none, "none measured"});
    };
    const auto [pruned_cycles, pruned_bytes] = costs(pruned, optimize);
    add("cycles est., of dense", pruned_cycles / dense_cycles);
    add("parameter B, of dense", pruned_bytes / dense_bytes);
  }
}

}  // namespace

nn::Model random_int8_model(const std::vector<nn::Index>& widths, double sparsity) {
  nn::Random random(kSeed, 1);
  nn::Model model;
  nn::Quantization input{1.0F / 128, 0};
  for (std::size_t i = 1; i < widths.size(); ++i) {
    const bool last = i > 1 && i + 1 == widths.size();
    const nn::Index inputs = widths[i - 1];
    nn::Int8Layer layer{nn::Int8Matrix(widths[i], inputs),
                        nn::Int32Vector(widths[i]),
                        nn::Vector(widths[i]),
                        input,
                        last ? nn::Quantization{0.02F, 3} : nn::Quantization{0.01F, -128},
                        last ? nn::Activation::identity : nn::Activation::relu};
    for (std::int8_t& weight : layer.weights.reshaped<Eigen::RowMajor>()) {
      weight = static_cast<std::int8_t>(std::lround(random.uniform(-127, 127)));
      if (sparsity > 0 && random.uniform(0, 1) < sparsity) weight = 0;
    }
    for (nn::Index row = 0; row < widths[i]; ++row) {
      layer.bias[row] = static_cast<std::int32_t>(std::lround(random.uniform(-2000, 2000)));
      // Outputs of about unit size, the rows' scales within a factor of two.
      const double spread = std::sqrt(static_cast<double>(inputs) * (1 - sparsity)) * 73;
      layer.weight_scales[row] = static_cast<float>(random.uniform(0.7, 1.4) / spread);
    }
    input = layer.output;
    model.layers.emplace_back(std::move(layer));
  }
  return model;
}

nn::Model one_scale_a_layer(nn::Model model) {
  for (nn::Layer& layer : model.layers) {
    if (auto* int8 = std::get_if<nn::Int8Layer>(&layer)) {
      int8->weight_scales = nn::Vector::Constant(1, int8->weight_scales.mean());
    }
  }
  return model;
}

nn::Matrix random_inputs(nn::Index features) {
  nn::Random random(kSeed, 2);
  nn::Matrix inputs(kVectors, features);
  for (float& value : inputs.reshaped<Eigen::RowMajor>()) {
    value = static_cast<float>(random.uniform(-1, 1));
  }
  return inputs;
}

Table kernel_table(const CmsisNn* library) {
  Table table{
      {"work", "flags", "for", "measure", "ours", "plain C", "CMSIS-NN", "on silicon", "whose"},
      {false, false, false, false, true, true, true, true, false},
      {}};
  Choices choices;
  for (const Work& work : all_work()) add_rows(work, library, choices, table);
  add_pruned_lenet(table);
  return table;
}

std::string kernel_notes(const CmsisNn* library) {
  return fmt::format(
      "Ours has one scale a row of weights; the peers have one a layer, which is less work.\n"
      "Cycles are estimates with a charge for data read from flash, on silicon they were counted "
      "and "
      "published.\n"
      "flags: of the sketch. Our kernels are compiled with -O2 in an -Os sketch; plain C is not.\n"
      "for: what our encodings are chosen for (--optimize).\n"
      "plain C: bench/peers/plain_c.h, the better of one function for all layers and of constant "
      "sizes.\n"
      "CMSIS-NN: called directly, each figure the best of the library with -Os, -O2 and -O3; {}.\n",
      library == nullptr ? std::string(kRecorded)
                         : fmt::format("commit {}, built here", library->version()));
}

}  // namespace pare::bench
