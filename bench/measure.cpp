#include "bench/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "bench/board_validation.h"
#include "bench/host_latency.h"
#include "bench/metrics/metric.h"
#include "build_paths.h"
#include "mcu/emulator/emulated_board.h"

namespace pare::bench {
namespace {

namespace fs = std::filesystem;

mcu::TestVectors stored_vectors(const mcu::Artefact& artefact, const nn::Matrix& inputs) {
  return mcu::make_test_vectors(artefact.model, inputs, mcu::kStoredVectors);
}

/// What build_model makes, with no model in it.
mcu::Image build_empty(const mcu::Artefact& artefact, const mcu::Board& board,
                       const nn::Matrix& inputs, const fs::path& folder,
                       const std::string& optimization) {
  mcu::export_empty_sketch(artefact, stored_vectors(artefact, inputs), folder / "empty");
  return mcu::build_image(folder / "empty", folder / "build", optimization, {}, board);
}

/// Stack, instructions and cycles of inferences under the timing model.
std::vector<mcu::CallTiming> measure_inferences(const nn::Model& model, const nn::Matrix& inputs,
                                                const mcu::Image& image, BoardRow& figures) {
  mcu::EmulatedBoard running(image, {.timing_plugin = PARE_TIMING_PLUGIN});
  const mcu::TestVectors vectors = mcu::make_test_vectors(model, inputs, kTimedVectors);
  for (const Bytes& input : vectors.inputs) running.client().infer(input);
  figures.stack_bytes = running.client().stack_bytes();
  std::vector<mcu::CallTiming> calls = running.stop_by_site();
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
    flash_cycles = std::max(flash_cycles, flash_cycles_of(call.total, *image.board));
  }
  figures.instructions = static_cast<double>(instructions);
  if (!image.board->emulator->counts_cycles) return calls;
  figures.cycles_estimate = static_cast<double>(cycles);
  figures.flash_cycles_estimate = static_cast<double>(flash_cycles);
  figures.us_estimate = static_cast<double>(flash_cycles) / image.board->clock_mhz;
  return calls;
}

/// Fewer than kValidationVectors where an emulator would take longer than two minutes over them.
nn::Index vectors_within_reason(const mcu::Board& board, const Number& instructions) {
  constexpr double kSeconds = 120;
  if (!instructions) return kValidationVectors;
  const double most = kSeconds * board.emulator->instructions_per_second / *instructions;
  return static_cast<nn::Index>(
      std::clamp(most, double{kTimedVectors}, double{kValidationVectors}));
}

bool validate_on(const mcu::Image& image, const mcu::Artefact& artefact, const nn::Matrix& inputs,
                 BoardRow& figures) {
  mcu::EmulatedBoard running(image);
  const BoardReport report =
      validate_board_client(running.client(), artefact, inputs,
                            vectors_within_reason(*image.board, figures.instructions));
  figures.vectors = static_cast<double>(report.agreement.vectors);
  figures.bit_exact = bit_exact(artefact.encoded.arithmetic, report.agreement);
  figures.max_difference = report.agreement.max_difference;
  return report.agreement.agrees;
}

}  // namespace

void write_model(const mcu::Artefact& artefact, const nn::Matrix& inputs, const fs::path& folder) {
  mcu::export_sketch(artefact, stored_vectors(artefact, inputs), folder / kSketchFolder);
}

mcu::Image build_model(const mcu::Artefact& artefact, const mcu::Board& board,
                       const nn::Matrix& inputs, const fs::path& folder,
                       const std::string& optimization) {
  write_model(artefact, inputs, folder);
  return mcu::build_image(folder / kSketchFolder, folder / "build", optimization, {}, board);
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
  row.accuracy = measure_accuracy(model, test);
}

void measure_latency(const nn::Model& model, const nn::Matrix& inputs, Row& row) {
  const HostLatency latency = measure_host_latency(model, inputs);
  row.host_ns_median = latency.median_ns;
  row.host_ns_cv = latency.cv;
}

long flash_cycles_of(const mcu::Timing& timing, const mcu::Board& board) {
  return static_cast<long>(timing.cycles) +
         board.flash_wait_cycles * static_cast<long>(timing.flash_data_words);
}

BoardCosts measure_costs(const mcu::Artefact& artefact, const mcu::Board& board,
                         const nn::Matrix& inputs, const fs::path& folder, BoardRow& figures,
                         const std::string& optimization) {
  const mcu::Image image = build_model(artefact, board, inputs, folder, optimization);
  const mcu::Image empty = build_empty(artefact, board, inputs, folder, optimization);
  figures.flash_bytes = static_cast<double>(image.flash_bytes - empty.flash_bytes);
  // The empty sketch has the same buffers.
  figures.ram_bytes = static_cast<double>(image.ram_bytes - empty.ram_bytes + image.buffer_bytes);
  return {image, measure_inferences(artefact.model, inputs, image, figures)};
}

bool measure_board(const mcu::Artefact& artefact, const mcu::Board& board, const nn::Matrix& inputs,
                   const fs::path& folder, BoardRow& figures, const std::string& optimization) {
  const BoardCosts costs = measure_costs(artefact, board, inputs, folder, figures, optimization);
  return validate_on(costs.image, artefact, inputs, figures);
}

bool validate_board(const mcu::Artefact& artefact, const mcu::Board& board,
                    const nn::Matrix& inputs, const fs::path& folder, BoardRow& figures) {
  return validate_on(build_model(artefact, board, inputs, folder), artefact, inputs, figures);
}

}  // namespace pare::bench
