#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "mcu/artefact.h"

namespace pare::mcu {

/// Test vectors that travel with a sketch, for its self-test.
constexpr nn::Index kStoredVectors = 8;

/// Inputs and the outputs that the host computed for them, as the bytes the board reads and writes:
/// int8 values, or little-endian float32.
struct TestVectors {
  std::vector<std::vector<std::uint8_t>> inputs;
  std::vector<std::vector<std::uint8_t>> outputs;
};

/// At most `count` rows of `inputs` [samples, features], spread evenly from the first to the last,
/// and what the reference arithmetic of `model` gives for them.
TestVectors make_test_vectors(const nn::Model& model, const nn::Matrix& inputs, nn::Index count);

/// Throws std::invalid_argument if the folder is there and holds something.
void check_new_folder(const std::filesystem::path& folder);

/// The same, and if its name is not one the Arduino IDE takes.
void check_sketch_folder(const std::filesystem::path& folder);

/// Writes a folder that the Arduino IDE opens as it is: <folder name>.ino, model.h, test_vectors.h
/// and the kernel's headers. `folder` must not hold anything yet. Throws std::invalid_argument if
/// the folder's name is not one the Arduino IDE takes or the folder holds something,
/// std::runtime_error if it cannot be written.
void export_sketch(const Artefact& artefact, const TestVectors& vectors,
                   const std::filesystem::path& folder, Memory weights = Memory::flash);

/// The same sketch with an inference that is not ours: `model_header` is foreign_model_header()'s.
void export_foreign_sketch(const EncodedModel& model, const std::string& model_header,
                           const TestVectors& vectors, const std::filesystem::path& folder);

/// The same sketch without the model, whose pare_infer() does nothing: what flash_bytes and
/// ram_bytes of a model are measured against.
void export_empty_sketch(const Artefact& artefact, const TestVectors& vectors,
                         const std::filesystem::path& folder);

}  // namespace pare::mcu
