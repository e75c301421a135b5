#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/row.h"
#include "mcu/artefact.h"
#include "mcu/emulator/emulated_board.h"
#include "nn/dataset.h"

namespace pare::bench {

/// Test vectors that a model is validated with, at most.
constexpr nn::Index kValidationVectors = 1000;

/// Test vectors that the emulated board is timed with.
constexpr nn::Index kTimedVectors = 16;

/// The estimate of a timing's cycles with a charge for the data that it read from flash.
long flash_cycles_of(const mcu::Timing& timing, const mcu::Board& board = mcu::nano33ble());

/// Where write_model puts the sketch.
constexpr const char* kSketchFolder = "model";

/// Writes the sketch of a model, whose self-test has some of `inputs` [samples, features], in
/// `folder`, which must be its own.
void write_model(const mcu::Artefact& artefact, const nn::Matrix& inputs,
                 const std::filesystem::path& folder);

/// Writes it, and links it for an emulated board, compiled with `optimization`. Throws as
/// mcu::build_image does.
mcu::Image build_model(const mcu::Artefact& artefact, const mcu::Board& board,
                       const nn::Matrix& inputs, const std::filesystem::path& folder,
                       const std::string& optimization = "-Os");

/// Fills the sizes that the model itself has, and its accuracy on `test`.
void measure_model(const mcu::Artefact& artefact, const nn::Dataset& test, Row& row);

/// Fills the latency on this machine, over real inputs [samples, features]. Wants the machine for
/// itself, and is not for two threads at once. Throws std::runtime_error if the answers are not the
/// reference's.
void measure_latency(const nn::Model& model, const nn::Matrix& inputs, Row& row);

/// Fills what the model costs on an emulated board, and how well the host's kernel and the board
/// agree with the reference over `inputs`: links its sketch and the empty one in `folder`, which
/// must be its own, runs kTimedVectors under the timing model, and validates. True if an int8 model
/// is bit-exact on all vectors, a float32 one within what rounding can do. `optimization` takes the
/// place of the Arduino core's -Os. Throws mcu::DoesNotFit if the model exceeds the board's memory,
/// std::runtime_error if a tool is missing or the board fails.
[[nodiscard]] bool measure_board(const mcu::Artefact& artefact, const mcu::Board& board,
                                 const nn::Matrix& inputs, const std::filesystem::path& folder,
                                 BoardRow& figures, const std::string& optimization = "-Os");

/// The sketch of a model on an emulated board, and its timed inferences.
struct BoardCosts {
  mcu::Image image;
  std::vector<mcu::CallTiming> calls;
};

/// The first half alone: what the model costs.
BoardCosts measure_costs(const mcu::Artefact& artefact, const mcu::Board& board,
                         const nn::Matrix& inputs, const std::filesystem::path& folder,
                         BoardRow& figures, const std::string& optimization = "-Os");

/// The second half alone. Throws std::runtime_error also if the board does not hold this kernel and
/// this model.
[[nodiscard]] bool validate_board(const mcu::Artefact& artefact, const mcu::Board& board,
                                  const nn::Matrix& inputs, const std::filesystem::path& folder,
                                  BoardRow& figures);

}  // namespace pare::bench
