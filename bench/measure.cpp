#include "bench/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "bench/accuracy.h"
#include "bench/board_validation.h"
#include "bench/host_latency.h"
#include "build_paths.h"
#include "mcu/emulator/emulated_board.h"

namespace pare::bench {
namespace {

namespace fs = std::filesystem;

/// Cycles that a word read from flash as data is believed to wait on the Nano, whose instruction
/// cache does not serve it. Inferred from one published measurement: an estimate.
constexpr long kFlashWaitCycles = 2;
constexpr double kMegahertz = 64;

mcu::TestVectors stored_vectors(const mcu::Artefact& artefact, const nn::Matrix& inputs) {
  return mcu::make_test_vectors(artefact.model, inputs, mcu::kStoredVectors);
}

/// What build_model makes, with no model in it.
mcu::Image build_empty(const mcu::Artefact& artefact, const nn::Matrix& inputs,
                       const fs::path& folder, const std::string& optimization) {
  mcu::export_empty_sketch(artefact, stored_vectors(artefact, inputs), folder / "empty");
  return mcu::build_image(folder / "empty", folder / "build", optimization);
}

/// Stack, instructions and cycles of inferences under the timing model.
std::vector<mcu::CallTiming> measure_inferences(const nn::Model& model, const nn::Matrix& inputs,
                                                const mcu::Image& image, Row& row) {
  mcu::EmulatedBoard board(image, {.timing_plugin = PARE_TIMING_PLUGIN});
  const mcu::TestVectors vectors = mcu::make_test_vectors(model, inputs, kTimedVectors);
  for (const Bytes& input : vectors.inputs) board.client().infer(input);
  row.stack_bytes = board.client().stack_bytes();
  std::vector<mcu::CallTiming> calls = board.stop_by_site();
  if (calls.size() < vectors.inputs.size()) {
    throw std::runtime_error(fmt::format("the timing model saw {} of {} inferences", calls.size(),
                                         vectors.inputs.size()));
  }
  calls.resize(vectors.inputs.size());  // those after them measured the stack
  long instructions = 0;
  long cycles = 0;
  long flash_cycles = 0;
  for (const mcu::CallTiming& call : calls) {
    instructions = std::max(instructions, static_cast<long>(call.total.instructions));
    cycles = std::max(cycles, static_cast<long>(call.total.cycles));
    flash_cycles = std::max(flash_cycles, flash_cycles_of(call.total));
  }
  row.instructions = static_cast<double>(instructions);
  row.cycles_estimate = static_cast<double>(cycles);
  row.flash_cycles_estimate = static_cast<double>(flash_cycles);
  row.us_at_64mhz_estimate = static_cast<double>(flash_cycles) / kMegahertz;
  return calls;
}

bool validate_on(const mcu::Image& image, const mcu::Artefact& artefact, const nn::Matrix& inputs,
                 Row& row) {
  mcu::EmulatedBoard board(image);
  const BoardReport report =
      validate_board_client(board.client(), artefact, inputs, kValidationVectors);
  row.board = "emulated";
  row.vectors = static_cast<double>(report.agreement.vectors);
  row.bit_exact = bit_exact(artefact.encoded.arithmetic, report.agreement);
  row.max_difference = report.agreement.max_difference;
  return report.agreement.agrees;
}

}  // namespace

mcu::Image build_model(const mcu::Artefact& artefact, const nn::Matrix& inputs,
                       const fs::path& folder, const std::string& optimization) {
  mcu::export_sketch(artefact, stored_vectors(artefact, inputs), folder / kSketchFolder);
  return mcu::build_image(folder / kSketchFolder, folder / "build", optimization);
}

void measure_model(const mcu::Artefact& artefact, const nn::Dataset& test, Row& row) {
  const nn::Model& model = artefact.model;
  for (const mcu::EncodedLayer& layer : artefact.encoded.layers) {
    row.encodings.push_back(layer.encoding);
  }
  row.model_hash = mcu::hash_text(artefact.hash);
  row.parameters = static_cast<double>(nn::parameter_count(model));
  row.nonzero = static_cast<double>(nn::nonzero_count(model));
  row.macs = static_cast<double>(nn::mac_count(model));
  row.weights_bytes = static_cast<double>(artefact.encoded.bytes.size());
  const Accuracy accuracy = measure_accuracy(model, test);
  row.mse = accuracy.mse;
  row.mae = accuracy.mae;
  row.max_error = accuracy.max_error;
  row.top1 = accuracy.top1;
}

void measure_latency(const nn::Model& model, const nn::Matrix& inputs, Row& row) {
  const HostLatency latency = measure_host_latency(model, inputs);
  row.host_ns_median = latency.median_ns;
  row.host_ns_cv = latency.cv;
}

long flash_cycles_of(const mcu::Timing& timing) {
  return static_cast<long>(timing.cycles) +
         kFlashWaitCycles * static_cast<long>(timing.flash_data_words);
}

BoardCosts measure_costs(const mcu::Artefact& artefact, const nn::Matrix& inputs,
                         const fs::path& folder, Row& row, const std::string& optimization) {
  const mcu::Image image = build_model(artefact, inputs, folder, optimization);
  const mcu::Image empty = build_empty(artefact, inputs, folder, optimization);
  row.flash_bytes = static_cast<double>(image.flash_bytes - empty.flash_bytes);
  // The empty sketch has the same buffers.
  row.ram_bytes = static_cast<double>(image.ram_bytes - empty.ram_bytes + image.buffer_bytes);
  return {image, measure_inferences(artefact.model, inputs, image, row)};
}

bool measure_board(const mcu::Artefact& artefact, const nn::Matrix& inputs, const fs::path& folder,
                   Row& row, const std::string& optimization) {
  const BoardCosts costs = measure_costs(artefact, inputs, folder, row, optimization);
  return validate_on(costs.image, artefact, inputs, row);
}

bool validate_board(const mcu::Artefact& artefact, const nn::Matrix& inputs, const fs::path& folder,
                    Row& row) {
  return validate_on(build_model(artefact, inputs, folder), artefact, inputs, row);
}

}  // namespace pare::bench
