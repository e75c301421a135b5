#include "bench/cores.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "bench/kernels.h"
#include "build_paths.h"
#include "mcu/emulator/emulated_board.h"
#include "mcu/encode.h"
#include "mcu/export_sketch.h"
#include "nn/forward.h"
#include "nn/quantization.h"
#include "nn/random.h"

namespace pare::bench {
namespace {

constexpr nn::Index kVectors = 2;

struct Work {
  std::string_view name;
  std::vector<nn::Index> widths;
};

std::vector<Work> all_work() {
  return {{"sine 1-16-16-1", {1, 16, 16, 1}},
          {"16x16", {16, 16}},
          {"128x128", {128, 128}},
          {"784x300", {784, 300}},
          {"MLPerf Tiny AD", {640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640}}};
}

double multiply_accumulates(const std::vector<nn::Index>& widths) {
  nn::Index sum = 0;
  for (std::size_t i = 1; i < widths.size(); ++i) sum += widths[i - 1] * widths[i];
  return static_cast<double>(sum);
}

}  // namespace

mcu::Timing measure_on(const mcu::Board& board, const nn::Model& model, bool portable) {
  const mcu::TemporaryFolder folder;
  nn::Random random(1, 5);
  nn::Matrix inputs(kVectors, nn::input_count(model));
  for (float& value : inputs.reshaped<Eigen::RowMajor>()) {
    value = static_cast<float>(random.uniform(-1, 1));
  }
  const mcu::TestVectors vectors = mcu::make_test_vectors(model, inputs, kVectors);
  mcu::export_sketch(mcu::make_artefact("core", model, mcu::encode(model, {mcu::Optimize::speed})),
                     vectors, folder.path() / "sketch");
  const std::vector<std::string> flags =
      portable ? std::vector<std::string>{"-DPARE_PORTABLE"} : std::vector<std::string>{};
  const mcu::Image image =
      mcu::build_image(folder.path() / "sketch", folder.path() / "build", "-Os", flags, board);
  mcu::EmulatedBoard running(image, {.timing_plugin = PARE_TIMING_PLUGIN});
  for (std::size_t i = 0; i < vectors.inputs.size(); ++i) {
    if (running.client().infer(vectors.inputs[i]) != vectors.outputs[i]) {
      throw std::runtime_error(
          fmt::format("the outputs of {} are not the reference's", board.name));
    }
  }
  const std::vector<mcu::Timing> timings = running.stop();
  return *std::max_element(
      timings.begin(), timings.end(),
      [](const mcu::Timing& a, const mcu::Timing& b) { return a.instructions < b.instructions; });
}

Table core_table() {
  Table table{{"work", "board", "measure", "portable C++ a MAC", "ours a MAC", "ours"},
              {false, false, false, true, true, true},
              {}};
  for (const Work& work : all_work()) {
    const nn::Model model = random_int8_model(work.widths);
    const double macs = multiply_accumulates(work.widths);
    for (const mcu::Board* board : mcu::boards()) {
      if (board->emulator == nullptr) continue;
      const auto count = [&](bool portable) {
        const mcu::Timing timing = measure_on(*board, model, portable);
        return static_cast<double>(board->emulator->counts_cycles ? timing.cycles
                                                                  : timing.instructions);
      };
      const double ours = count(false);
      table.rows.push_back({std::string(work.name), std::string(board->name),
                            board->emulator->counts_cycles ? "cycles" : "instructions",
                            fmt::format("{:.2f}", count(true) / macs),
                            fmt::format("{:.2f}", ours / macs), fmt::format("{:.0f}", ours)});
    }
  }
  return table;
}

}  // namespace pare::bench
