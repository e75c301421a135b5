#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <stdexcept>

#include "nn/formats/format.h"
#include "nn/lower_case.h"
#include "nn/text_file.h"

namespace pare::nn {

// One line per format, its definition being in the file of its name.
extern const ModelFormat kSafetensors;
extern const ModelFormat kTflite;
extern const ModelFormat kOnnx;

namespace {

constexpr std::array kFormats{&kSafetensors, &kTflite, &kOnnx};

/// Files that are given for models, and what to do about it.
struct NoModel {
  std::string_view begins;  ///< in lower case
  std::string_view is;
};

constexpr NoModel kNoModels[] = {
    {"version https://git-lfs", "a Git LFS pointer, not the model itself; run: git lfs pull"},
    {"<!doctype html", "a web page (HTML), not a model; download the file itself, the raw one"},
    {"<html", "a web page (HTML), not a model; download the file itself, the raw one"},
    {"\x89hdf\r\n",
     "a Keras HDF5 file; make a TFLite file of it in Python:\n"
     "  import tensorflow as tf\n"
     "  open(\"model.tflite\", \"wb\").write(tf.lite.TFLiteConverter.from_keras_model("
     "tf.keras.models.load_model(\"model.h5\")).convert())"},
    {"pk\x03\x04",
     "a zip archive: PyTorch's .pt and .pth, Keras' .keras. They hold programs, which are not run "
     "here; save the numbers alone in Python, from PyTorch:\n"
     "  from safetensors.torch import save_file\n"
     "  save_file(model.state_dict(), \"model.safetensors\")\n"
     "or from Keras:\n"
     "  import tensorflow as tf\n"
     "  open(\"model.tflite\", \"wb\").write(tf.lite.TFLiteConverter.from_keras_model("
     "tf.keras.models.load_model(\"model.keras\")).convert())"},
    {"\x80",
     "a pickle, which is a program and is not run here; write the model as ONNX in Python:\n"
     "  from skl2onnx import to_onnx\n"
     "  open(\"model.onnx\", \"wb\").write(to_onnx(model, X[:1].astype(\"float32\"))"
     ".SerializeToString())"},
    {"\x1f\x8b", "compressed by gzip; unpack it first"},
};

std::string endings() {
  std::vector<std::string_view> all;
  for (const ModelFormat* format : kFormats) {
    all.insert(all.end(), format->endings.begin(), format->endings.end());
  }
  return fmt::format("{}", fmt::join(all, ", "));
}

std::string first_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("it cannot be opened");
  std::string bytes(64, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

const ModelFormat* by_ending(const std::filesystem::path& path) {
  const std::string ending = lower_case(path.extension().string());
  for (const ModelFormat* format : kFormats) {
    const auto& known = format->endings;
    if (std::find(known.begin(), known.end(), ending) != known.end()) return format;
  }
  return nullptr;
}

/// Throws if a file is one that people give for a model, and says what to do.
void refuse_known(const std::string& bytes) {
  const std::string blank = " \t\r\n";
  std::string_view beginning = bytes;
  beginning.remove_prefix(std::min(beginning.find_first_not_of(blank), beginning.size()));
  const std::string text = lower_case(beginning);
  for (const NoModel& none : kNoModels) {
    if (text.starts_with(none.begins)) throw std::runtime_error(fmt::format("it is {}", none.is));
  }
}

/// What kind of model file it is. The content decides, the ending only where it leaves that open.
const ModelFormat& format_of(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) {
    throw std::runtime_error(
        std::filesystem::exists(path / "saved_model.pb")
            ? "it is a folder with a TensorFlow SavedModel; make a TFLite file of it in Python:\n"
              "  import tensorflow as tf\n"
              "  open(\"model.tflite\", \"wb\").write("
              "tf.lite.TFLiteConverter.from_saved_model(\"folder\").convert())"
            : "it is a folder, not a file");
  }
  const std::string bytes = first_bytes(path);
  if (bytes.empty()) throw std::runtime_error("it is empty");
  const ModelFormat* named = by_ending(path);
  if (named != nullptr && named->recognizes(bytes)) return *named;
  refuse_known(bytes);
  for (const ModelFormat* format : kFormats) {
    if (!format->recognizes(bytes)) continue;
    if (named == nullptr) return *format;
    throw std::runtime_error(
        fmt::format("it is {}, though its name says {}; rename it to end in {}", format->title,
                    named->title, format->endings.front()));
  }
  throw std::runtime_error(
      named != nullptr ? fmt::format("it is no {} file, though its name says so", named->title)
                       : fmt::format("it is of no known format; model files end in {}", endings()));
}

}  // namespace

std::span<const ModelFormat* const> model_formats() { return kFormats; }

bool is_model_file(const std::filesystem::path& path) {
  const ModelFormat* format = by_ending(path);
  return format != nullptr && format->write != nullptr;
}

ReadModel read_model(const std::filesystem::path& path, const ReadOptions& options) {
  try {
    ReadModel read = format_of(path).read(path, options);
    check(read.model);
    return read;
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("{}: {}", path.string(), error.what()));
  }
}

std::vector<std::string> write_model(const Model& model, const std::filesystem::path& path) {
  if (!is_model_file(path)) {
    throw std::invalid_argument(
        fmt::format("{}: a model is written to a file that ends in {}", path.string(), endings()));
  }
  const ModelFormat* format = by_ending(path);
  std::vector<std::string> losses;
  std::string bytes;
  try {
    bytes = format->write(model, losses);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(fmt::format("{}: {}", path.string(), error.what()));
  }
  replace_text(path, bytes);
  return losses;
}

}  // namespace pare::nn
