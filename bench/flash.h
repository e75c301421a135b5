#pragma once

#include <filesystem>
#include <string>

#include "bench/row.h"
#include "mcu/artefact.h"
#include "mcu/flash_nano33ble.h"

namespace pare::bench {

/// What a model's sketch takes of a board, the Arduino core not included.
struct Footprint {
  long flash_bytes = 0;
  long ram_bytes = 0;    ///< static
  long stack_bytes = 0;  ///< of one inference at its deepest
};

/// Links the sketch of a model in `folder`, which must be its own, and runs it on the emulated
/// board. `inputs` [samples, features] give its self-test. Throws mcu::DoesNotFit if it exceeds the
/// Nano's memory, std::runtime_error if a tool is missing.
Footprint measure_footprint(const mcu::Artefact& artefact, const nn::Matrix& inputs,
                            const std::filesystem::path& folder);

/// What a board says of itself after its sketch was built and started.
struct FlashReport {
  Footprint footprint;
  mcu::BoardInfo info;
  mcu::SelfTest selftest;
};

/// Builds the sketch of a model, starts the emulated board on it, and checks that it holds this
/// kernel and this model: else std::runtime_error.
FlashReport flash_emulated(const mcu::Artefact& artefact, const nn::Matrix& inputs,
                           const std::filesystem::path& folder);

/// The same with a Nano 33 BLE, whose sketch is first measured on the emulated board. Throws as
/// mcu::flash_nano33ble does, too.
FlashReport flash_nano33ble(const mcu::Artefact& artefact, const nn::Matrix& inputs,
                            const std::filesystem::path& folder, const mcu::BoardSearch& search);

/// Validates a model on a Nano 33 BLE that runs it, and fills what `row` has of it. True if they
/// agree. Throws as mcu::connect_nano33ble does, and if the board holds another kernel or model.
[[nodiscard]] bool validate_nano33ble(const mcu::Artefact& artefact, const nn::Matrix& inputs,
                                      const mcu::BoardSearch& search, Row& row);

}  // namespace pare::bench
