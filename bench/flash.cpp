#include "bench/flash.h"

#include "bench/board_validation.h"
#include "bench/measure.h"
#include "mcu/emulator/emulated_board.h"

namespace pare::bench {
namespace {

/// The emulated board with the sketch of a model.
struct Started {
  Started(const nn::Model& model, const std::string& name, const nn::Matrix& inputs,
          const std::filesystem::path& folder, const mcu::EncodedModel& encoded)
      : image(build_model(model, name, inputs, folder, encoded)),
        board(image),
        footprint{image.flash_bytes, image.ram_bytes,
                  static_cast<long>(board.client().stack_bytes())} {}

  mcu::Image image;
  mcu::EmulatedBoard board;
  Footprint footprint;
};

FlashReport report(mcu::BoardClient& board, const mcu::EncodedModel& encoded,
                   const Footprint& footprint) {
  check_identity(board, encoded);
  return {footprint, board.info(), board.selftest()};
}

}  // namespace

Footprint measure_footprint(const nn::Model& model, const std::string& name,
                            const nn::Matrix& inputs, const std::filesystem::path& folder,
                            const mcu::EncodedModel& encoded) {
  return Started(model, name, inputs, folder, encoded).footprint;
}

FlashReport flash_emulated(const nn::Model& model, const std::string& name,
                           const nn::Matrix& inputs, const std::filesystem::path& folder,
                           const mcu::EncodedModel& encoded) {
  Started started(model, name, inputs, folder, encoded);
  return report(started.board.client(), encoded, started.footprint);
}

FlashReport flash_nano33ble(const nn::Model& model, const std::string& name,
                            const nn::Matrix& inputs, const std::filesystem::path& folder,
                            const mcu::EncodedModel& encoded, const mcu::BoardSearch& search) {
  const Footprint footprint = measure_footprint(model, name, inputs, folder, encoded);
  mcu::BoardClient board = mcu::flash_nano33ble(folder / kSketchFolder, folder / "arduino", search);
  return report(board, encoded, footprint);
}

bool validate_nano33ble(const nn::Model& model, const nn::Matrix& inputs,
                        const mcu::EncodedModel& encoded, const mcu::BoardSearch& search,
                        Row& row) {
  mcu::BoardClient board = mcu::connect_nano33ble(search);
  const BoardReport report =
      validate_board_client(board, model, inputs, kValidationVectors, encoded);
  row.nano_vectors = static_cast<double>(report.agreement.vectors);
  row.nano_bit_exact = bit_exact(nn::arithmetic(model), report.agreement);
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
