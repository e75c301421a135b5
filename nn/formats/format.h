#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nn/model.h"

namespace pare::nn {

/// What a reader may be told of a file that leaves it open.
struct ReadOptions {
  std::string output = {};                   ///< the output to take; empty: the only one
  std::vector<std::string> layers = {};      ///< of a file of bare tensors, their order
  Activation activation = Activation::relu;  ///< of bare tensors, the hidden layers'
};

/// A model as a file held it.
struct ReadModel {
  Model model;
  std::vector<std::string> notes = {};  ///< what was folded, left out, or is rounded otherwise
};

/// A kind of model file. A new one is a file in nn/formats/ and a line in its registry.
struct ModelFormat {
  std::string_view name;                  ///< "onnx"
  std::string_view title;                 ///< "ONNX"
  std::vector<std::string_view> endings;  ///< of file names, with their dot
  std::string_view takes;                 ///< what it can hold, in a line
  /// True if a file that begins with `bytes` may be one.
  bool (*recognizes)(std::string_view bytes);
  /// Throws std::runtime_error or std::invalid_argument that says what is wrong and where, all that
  /// is not supported at once, without the file's name.
  ReadModel (*read)(const std::filesystem::path& path, const ReadOptions& options);
  /// The file's bytes; null for a format that is not written. Adds to `losses` what it cannot hold.
  std::string (*write)(const Model& model, std::vector<std::string>& losses);
};

/// All there are, in the order of the registry.
std::span<const ModelFormat* const> model_formats();

/// True if a model can be written to a file that is called so, by its ending.
bool is_model_file(const std::filesystem::path& path);

/// The model in a file of any format, by its content and ending. Throws std::runtime_error, naming
/// the file and what is wrong with it; one that is no model is called what it is.
ReadModel read_model(const std::filesystem::path& path, const ReadOptions& options = {});

/// Writes `model` as the ending of `path` says, whole or not at all; gives what the format could
/// not hold. Throws std::invalid_argument on an unknown ending or a model that it cannot hold.
std::vector<std::string> write_model(const Model& model, const std::filesystem::path& path);

}  // namespace pare::nn
