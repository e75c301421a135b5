#include "bench/flash.h"

#include "bench/board_validation.h"
#include "bench/measure.h"
#include "mcu/emulator/emulated_board.h"

namespace pare::bench {
namespace {

/// The emulated board with the sketch of a model.
struct Started {
  Started(const mcu::Artefact& artefact, const nn::Matrix& inputs,
          const std::filesystem::path& folder)
      : image(build_model(artefact, inputs, folder)),
        board(image),
        footprint{image.flash_bytes, image.ram_bytes,
                  static_cast<long>(board.client().stack_bytes())} {}

  mcu::Image image;
  mcu::EmulatedBoard board;
  Footprint footprint;
};

FlashReport report(mcu::BoardClient& board, const mcu::Artefact& artefact,
                   const Footprint& footprint) {
  check_identity(board, artefact);
  return {footprint, board.info(), board.selftest()};
}

}  // namespace

Footprint measure_footprint(const mcu::Artefact& artefact, const nn::Matrix& inputs,
                            const std::filesystem::path& folder) {
  return Started(artefact, inputs, folder).footprint;
}

FlashReport flash_emulated(const mcu::Artefact& artefact, const nn::Matrix& inputs,
                           const std::filesystem::path& folder) {
  Started started(artefact, inputs, folder);
  return report(started.board.client(), artefact, started.footprint);
}

FlashReport flash_nano33ble(const mcu::Artefact& artefact, const nn::Matrix& inputs,
                            const std::filesystem::path& folder, const mcu::BoardSearch& search) {
  const Footprint footprint = measure_footprint(artefact, inputs, folder);
  mcu::BoardClient board = mcu::flash_nano33ble(folder / kSketchFolder, folder / "arduino", search);
  return report(board, artefact, footprint);
}

bool validate_nano33ble(const mcu::Artefact& artefact, const nn::Matrix& inputs,
                        const mcu::BoardSearch& search, Row& row) {
  mcu::BoardClient board = mcu::connect_nano33ble(search);
  const BoardReport report = validate_board_client(board, artefact, inputs, kValidationVectors);
  row.nano_vectors = static_cast<double>(report.agreement.vectors);
  row.nano_bit_exact = bit_exact(artefact.encoded.arithmetic, report.agreement);
  row.nano_max_difference = report.agreement.max_difference;
  row.nano_instruction_cache = report.instruction_cache ? 1 : 0;
  const CycleCounts counts = report.cycles.value_or(CycleCounts{});
  const auto counted = [&](double number) {
    return report.cycles ? Row::Number(number) : Row::Number();
  };
  row.nano_runs = counted(static_cast<double>(counts.runs));
  row.nano_cycles_min = counted(counts.min);
  row.nano_cycles_median = counted(counts.median);
  row.nano_cycles_max = counted(counts.max);
  row.nano_counter_mhz = counted(counts.counter_mhz);
  return report.agreement.agrees;
}

}  // namespace pare::bench
