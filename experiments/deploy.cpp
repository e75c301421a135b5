#include "experiments/deploy.h"

#include "bench/board_validation.h"
#include "bench/measure.h"
#include "mcu/emulator/emulated_board.h"

namespace pare::experiments {
namespace {

/// An emulated board with the sketch of a model.
struct Started {
  Started(const mcu::Artefact& artefact, const mcu::Board& board, const nn::Matrix& inputs,
          const std::filesystem::path& folder)
      : image(bench::build_model(artefact, board, inputs, folder)),
        running(image),
        footprint{image.flash_bytes, image.ram_bytes,
                  static_cast<long>(running.client().stack_bytes())} {}

  mcu::Image image;
  mcu::EmulatedBoard running;
  Footprint footprint;
};

FlashReport report(mcu::BoardClient& running, const mcu::Artefact& artefact,
                   const std::optional<Footprint>& footprint) {
  bench::check_identity(running, artefact);
  return {footprint, running.info(), running.selftest()};
}

}  // namespace

Footprint measure_footprint(const mcu::Artefact& artefact, const mcu::Board& board,
                            const nn::Matrix& inputs, const std::filesystem::path& folder) {
  return Started(artefact, board, inputs, folder).footprint;
}

FlashReport flash_emulated(const mcu::Artefact& artefact, const mcu::Board& board,
                           const nn::Matrix& inputs, const std::filesystem::path& folder) {
  Started started(artefact, board, inputs, folder);
  return report(started.running.client(), artefact, started.footprint);
}

FlashReport flash_device(const mcu::Artefact& artefact, const mcu::Board& board,
                         const nn::Matrix& inputs, const std::filesystem::path& folder,
                         const mcu::BoardSearch& search) {
  std::optional<Footprint> footprint;
  if (board.emulator != nullptr) {
    footprint = measure_footprint(artefact, board, inputs, folder);
  } else {
    bench::write_model(artefact, inputs, folder);
  }
  mcu::BoardClient running =
      mcu::upload_sketch(board, folder / bench::kSketchFolder, folder / "arduino", search);
  return report(running, artefact, footprint);
}

bool validate_device(const mcu::Artefact& artefact, const mcu::Board& board,
                     const nn::Matrix& inputs, const mcu::BoardSearch& search,
                     bench::BoardRow& figures) {
  mcu::BoardClient running = mcu::connect_board(board, search);
  const bench::BoardReport report =
      bench::validate_board_client(running, artefact, inputs, bench::kValidationVectors);
  figures.device_vectors = static_cast<double>(report.agreement.vectors);
  figures.device_bit_exact = bench::bit_exact(artefact.encoded.arithmetic, report.agreement);
  figures.device_max_difference = report.agreement.max_difference;
  figures.device_instruction_cache = report.instruction_cache ? 1 : 0;
  const bench::CycleCounts counts = report.cycles.value_or(bench::CycleCounts{});
  const auto counted = [&](double number) {
    return report.cycles ? bench::Number(number) : bench::Number();
  };
  figures.device_runs = counted(static_cast<double>(counts.runs));
  figures.device_cycles_min = counted(counts.min);
  figures.device_cycles_median = counted(counts.median);
  figures.device_cycles_max = counted(counts.max);
  figures.device_counter_mhz = counted(counts.counter_mhz);
  return report.agreement.agrees;
}

}  // namespace pare::experiments
