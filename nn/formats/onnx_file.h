#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nn/formats/onnx_tensor.h"

namespace pare::nn::onnx {

namespace proto {  // generated from onnx.proto, whose header few files include
class Model;
class Tensor;
}  // namespace proto

/// A file in memory. Its tensors' bytes are views of it.
struct File {
  std::filesystem::path path;
  std::shared_ptr<const proto::Model> model;
  Index opset = 0;  ///< of ONNX's own operators
};

/// An extent that is a name, or is not said.
constexpr Index kUnknown = 0;

/// What goes into a graph, or comes out of it.
struct Value {
  std::string name;
  Type type = Type::none;           ///< none: not a tensor, as what ZipMap gives
  std::optional<Shape> shape = {};  ///< with kUnknown; nothing where the file says none
  std::string text = {};            ///< "obs [batch, 6]"
};

/// Throws std::runtime_error if it is no whole ONNX model, or of an opset that is not read.
File open_file(const std::filesystem::path& path);

/// Of the graph, in the file's order; without the constants that old files list as inputs.
std::vector<Value> inputs(const File& file);
std::vector<Value> outputs(const File& file);

/// The file's own text for a key; nothing if it has none.
std::optional<std::string> metadata(const File& file, std::string_view key);

/// A tensor of the file, or beside it. Throws std::runtime_error, naming it, if its type is not
/// read, or it has not as many elements as its shape says.
Tensor tensor(const File& file, const proto::Tensor& source);

}  // namespace pare::nn::onnx
