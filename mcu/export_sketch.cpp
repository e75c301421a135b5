#include "mcu/export_sketch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "build_paths.h"
#include "nn/ends.h"
#include "nn/forward.h"
#include "nn/quantization.h"
#include "nn/text_file.h"

namespace pare::mcu {
namespace {

namespace fs = std::filesystem;

/// Source: Arduino sketch specification, "Sketch folder structure".
bool is_sketch_name(const std::string& name) {
  const auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.size() <= 63 && (alphanumeric(name[0]) || name[0] == '_') &&
         name.back() != '.' && std::all_of(name.begin(), name.end(), [&](char c) {
           return alphanumeric(c) || c == '_' || c == '-' || c == '.';
         });
}

}  // namespace

void check_sketch_folder(const fs::path& folder) {
  if (!is_sketch_name(folder.filename().string())) {
    throw std::invalid_argument(fmt::format(
        "'{}' is no name for a sketch folder: the Arduino IDE takes up to 63 letters, digits, '_', "
        "'-' and '.', the first a letter, a digit or '_'",
        folder.filename().string()));
  }
  check_new_folder(folder);
}

void check_new_folder(const fs::path& folder) {
  if (fs::exists(folder) && !(fs::is_directory(folder) && fs::is_empty(folder))) {
    throw std::invalid_argument(
        fmt::format("{} exists already; name a folder that does not, or replace it with --force",
                    folder.string()));
  }
}

namespace {

std::string vectors_header(const EncodedModel& model, const TestVectors& vectors) {
  return fmt::format(
      "#pragma once\n\n"
      "// Inputs, and the outputs that the host's reference arithmetic gives for them.\n"
      "#include \"model.h\"\n\n"
      "namespace pare {{\nnamespace model {{\n\n"
      "constexpr int kTestVectors = {};\n\n"
      "static const Value kTestInputs[kTestVectors][kInputs] = {{\n{}}};\n\n"
      "static const Value kTestOutputs[kTestVectors][kOutputs] = {{\n{}}};\n\n"
      "}}  // namespace model\n}}  // namespace pare\n",
      vectors.inputs.size(), c_rows(model.arithmetic, vectors.inputs),
      c_rows(model.arithmetic, vectors.outputs));
}

void write_sketch(const EncodedModel& model, const TestVectors& vectors,
                  const std::string& header_text, const fs::path& folder) {
  const fs::path source = fs::path(PARE_SOURCE_DIR) / "mcu";
  check_sketch_folder(folder);
  fs::create_directories(folder);
  fs::copy_file(source / "sketch/harness.ino",
                folder / fmt::format("{}.ino", folder.filename().string()));
  for (const char* part : {"kernel", "sketch"}) {
    for (const fs::directory_entry& entry : fs::directory_iterator(source / part)) {
      if (entry.path().extension() == ".h") {
        fs::copy_file(entry.path(), folder / entry.path().filename());
      }
    }
  }
  nn::write_text(folder / "model.h", header_text);
  nn::write_text(folder / "test_vectors.h", vectors_header(model, vectors));
}

template <class Matrix>
std::vector<std::vector<std::uint8_t>> rows_as_bytes(const Matrix& values) {
  const std::size_t bytes = static_cast<std::size_t>(values.cols()) * sizeof(values(0, 0));
  std::vector<std::vector<std::uint8_t>> rows(static_cast<std::size_t>(values.rows()),
                                              std::vector<std::uint8_t>(bytes));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::memcpy(rows[i].data(), values.row(static_cast<nn::Index>(i)).data(), bytes);
  }
  return rows;
}

nn::Matrix spread(const nn::Matrix& inputs, nn::Index count) {
  if (count >= inputs.rows()) return inputs;
  nn::Matrix chosen(count, inputs.cols());
  for (nn::Index i = 0; i < count; ++i) {
    chosen.row(i) = inputs.row(count == 1 ? 0 : i * (inputs.rows() - 1) / (count - 1));
  }
  return chosen;
}

}  // namespace

TestVectors make_test_vectors(const nn::Model& model, const nn::Matrix& inputs, nn::Index count) {
  const nn::Matrix chosen = spread(inputs, count);
  if (nn::arithmetic(model) == nn::Arithmetic::float32) {
    const nn::Matrix seen = nn::seen_inputs(model.inputs, chosen);
    return {rows_as_bytes(seen), rows_as_bytes(nn::forward(nn::without_ends(model), seen))};
  }
  const nn::Int8Matrix quantized = nn::quantized_inputs(model, chosen);
  return {rows_as_bytes(quantized), rows_as_bytes(nn::forward_int8(model, quantized))};
}

void export_sketch(const Artefact& artefact, const TestVectors& vectors, const fs::path& folder,
                   Memory weights) {
  write_sketch(artefact.encoded, vectors,
               weights == Memory::flash
                   ? artefact.source.text
                   : model_source(artefact.encoded, artefact.name, weights).text,
               folder);
}

void export_foreign_sketch(const EncodedModel& model, const std::string& model_header,
                           const TestVectors& vectors, const fs::path& folder) {
  write_sketch(model, vectors, model_header, folder);
}

void export_empty_sketch(const Artefact& artefact, const TestVectors& vectors,
                         const fs::path& folder) {
  write_sketch(artefact.encoded, vectors, empty_model_header(artefact.encoded, artefact.name),
               folder);
}

}  // namespace pare::mcu
