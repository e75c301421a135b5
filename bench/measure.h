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

/// Fills what the model costs on the emulated board: links its sketch and the empty one in
/// `work_folder`, and runs kTimedVectors of `inputs` under the timing model. Threads may share the
/// folder as long as their rows' names differ. Throws
/// std::runtime_error if a tool is missing or the board fails.
void measure_board(const nn::Model& model, const nn::Matrix& inputs,
                   const std::filesystem::path& work_folder, Row& row);

/// Fills how well the host kernel and the emulated board agree with the reference over `inputs`;
/// true if an int8 model is bit-exact on all of them, a float32 one within kFloatTolerance. Throws
/// std::runtime_error if the board does not hold this kernel and this model.
bool validate_board(const nn::Model& model, const nn::Matrix& inputs,
                    const std::filesystem::path& work_folder, Row& row);

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
                        const std::filesystem::path& work_folder);

}  // namespace pare::bench
