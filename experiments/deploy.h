#pragma once

#include <filesystem>

#include "bench/row.h"
#include "mcu/artefact.h"
#include "mcu/board_client.h"
#include "mcu/upload.h"

namespace pare::experiments {

/// What a model's sketch takes of a board, the Arduino core not included.
struct Footprint {
  long flash_bytes = 0;
  long ram_bytes = 0;    ///< static
  long stack_bytes = 0;  ///< of one inference at its deepest
};

/// Links the sketch of a model in `folder`, which must be its own, and runs it on an emulated
/// board. `inputs` [samples, features] give its self-test. Throws mcu::DoesNotFit if it exceeds the
/// board's memory, std::runtime_error if a tool is missing.
Footprint measure_footprint(const mcu::Artefact& artefact, const mcu::Board& board,
                            const nn::Matrix& inputs, const std::filesystem::path& folder);

/// What a board says of itself after its sketch was built and started.
struct FlashReport {
  std::optional<Footprint> footprint;  ///< nothing of a board that does not run here
  mcu::BoardInfo info;
  mcu::SelfTest selftest;
};

/// Builds the sketch of a model, starts the emulated board on it, and checks that it holds this
/// kernel and this model: else std::runtime_error.
FlashReport flash_emulated(const mcu::Artefact& artefact, const mcu::Board& board,
                           const nn::Matrix& inputs, const std::filesystem::path& folder);

/// The same with the board itself, whose sketch is first measured without it where that can be.
/// Throws as mcu::upload_sketch does, too.
FlashReport flash_device(const mcu::Artefact& artefact, const mcu::Board& board,
                         const nn::Matrix& inputs, const std::filesystem::path& folder,
                         const mcu::BoardSearch& search);

/// Validates a model on a board that runs it, and fills what `figures` has of it. True if they
/// agree. Throws as mcu::connect_board does, and if the board holds another kernel or model.
[[nodiscard]] bool validate_device(const mcu::Artefact& artefact, const mcu::Board& board,
                                   const nn::Matrix& inputs, const mcu::BoardSearch& search,
                                   bench::BoardRow& figures);

}  // namespace pare::experiments
