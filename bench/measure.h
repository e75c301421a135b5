#pragma once

#include <filesystem>
#include <string>

#include "bench/row.h"
#include "nn/dataset.h"

namespace pare::bench {

/// Test vectors that a model is validated with, at most.
constexpr nn::Index kValidationVectors = 1000;

/// Test vectors that the emulated board is timed with.
constexpr nn::Index kTimedVectors = 16;

/// Fills the sizes that the model itself has, and its accuracy on `test`.
void measure_model(const nn::Model& model, const nn::Dataset& test, Row& row);

/// Fills the latency on this machine, over real inputs [samples, features]. Wants the machine for
/// itself, and is not for two threads at once. Throws std::runtime_error if the kernel's answers
/// are not the reference's.
void measure_latency(const nn::Model& model, const nn::Matrix& inputs, Row& row);

/// Fills what the model costs on the emulated board, and how well the host's kernel and the board
/// agree with the reference over `inputs`: links its sketch and the empty one in `folder`, which
/// must be its own, runs kTimedVectors under the timing model, and validates. True if an int8 model
/// is bit-exact on all vectors, a float32 one within kFloatTolerance. `optimization` takes the
/// place of the Arduino core's -Os. Throws mcu::DoesNotFit if the model exceeds the board's memory,
/// std::runtime_error if a tool is missing or the board fails.
[[nodiscard]] bool measure_board(const nn::Model& model, const nn::Matrix& inputs,
                                 const std::filesystem::path& folder, Row& row,
                                 const std::string& optimization = "-Os");

/// The second half alone. Throws std::runtime_error also if the board does not hold this kernel and
/// this model.
[[nodiscard]] bool validate_board(const nn::Model& model, const nn::Matrix& inputs,
                                  const std::filesystem::path& folder, Row& row);

/// What a board says of itself after its sketch was built and started.
struct FlashReport {
  long flash_bytes;  ///< of the whole image
  long ram_bytes;    ///< static, of the whole image
  int kernel_version;
  std::uint32_t hash;
  int selftest_passed;
  int selftest_vectors;
};

/// Builds the sketch of `model`, starts the emulated board on it, and checks that it holds this
/// kernel and this model: else std::runtime_error.
FlashReport flash_board(const nn::Model& model, const std::string& name, const nn::Matrix& inputs,
                        const std::filesystem::path& folder);

}  // namespace pare::bench
