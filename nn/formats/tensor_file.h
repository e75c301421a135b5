#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/model.h"

namespace pare::nn {

/// The number of bytes that hold the header's length, and the key of the texts in the header.
constexpr std::size_t kLengthBytes = 8;
constexpr const char* kMetadata = "__metadata__";

/// A safetensors file in memory: named tensors, and texts as metadata. What is read is taken out,
/// so that nothing is left over at the end. Everything throws std::runtime_error that says what is
/// wrong. Source: huggingface/safetensors README, section "Format".
class TensorFile {
 public:
  /// Takes the bytes of a whole file.
  explicit TensorFile(std::string bytes);

  const std::string& bytes() const { return bytes_; }

  /// The tensors that nobody has taken, in the order of their names.
  std::vector<std::string> names() const;
  bool has(const std::string& name) const { return header_.contains(name); }
  std::string dtype(const std::string& name) const;
  std::vector<Index> shape(const std::string& name) const;

  /// A tensor of one or two dimensions, whose type must be that of `T`.
  template <class T>
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> matrix(const std::string& name);
  template <class T>
  Eigen::Matrix<T, Eigen::Dynamic, 1> vector(const std::string& name);

  /// The values of a tensor of any shape and any type of real numbers, as float32: those of 16 bits
  /// exactly, those of 64 bits rounded.
  Vector floats(const std::string& name);

  bool has_text(const std::string& name) const { return metadata_.contains(name); }
  std::string text(const std::string& name);

  /// To be called at the end: throws if a tensor, a text or a byte is left.
  void expect_nothing_left() const;

 private:
  struct Tensor {
    std::vector<Index> shape;
    std::string_view values;
  };
  /// With the bytes of `element_bytes` an element.
  Tensor take(const std::string& name, std::size_t element_bytes);
  Tensor take(const std::string& name, std::string_view dtype, std::size_t element_bytes,
              std::size_t dimensions);

  std::string bytes_;
  nlohmann::json header_;    // of the tensors that nobody has taken
  nlohmann::json metadata_;  // likewise
  std::string_view data_;
  std::size_t taken_bytes_ = 0;
};

/// How a type is called in the file; null for one that has no name.
template <class T>
constexpr const char* kDtype = nullptr;
template <>
inline constexpr const char* kDtype<float> = "F32";
template <>
inline constexpr const char* kDtype<std::int8_t> = "I8";
template <>
inline constexpr const char* kDtype<std::int32_t> = "I32";

}  // namespace pare::nn
