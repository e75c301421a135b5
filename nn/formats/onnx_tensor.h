#pragma once

#include <fmt/format.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/model.h"

namespace pare::nn::onnx {

/// Throws std::runtime_error.
template <class... T>
[[noreturn]] void fail(fmt::format_string<T...> format, T&&... arguments) {
  throw std::runtime_error(fmt::format(format, std::forward<T>(arguments)...));
}

using Shape = std::vector<Index>;

/// Types of elements. Source: onnx.proto, TensorProto.DataType, whose numbers these are.
enum class Type : std::int32_t {
  none = 0,
  float32 = 1,
  uint8 = 2,
  int8 = 3,
  uint16 = 4,
  int16 = 5,
  int32 = 6,
  int64 = 7,
  text = 8,
  boolean = 9,
  float16 = 10,
  float64 = 11,
  bfloat16 = 16
};

/// "float32"; of a type that is not read its number.
std::string name(Type type);

/// Bytes of an element; 0 of a type that is not read as numbers.
std::size_t size_bytes(Type type);

bool is_real(Type type);

/// "[5, 8]".
std::string text(const Shape& shape);

/// The product of its extents. Throws std::runtime_error if one is below 1, or it is above 2^40.
Index element_count(const Shape& shape);

/// How integers stand for reals: real = scale * (integer - zero point), for all of a tensor or for
/// each index of an axis.
struct Scaling {
  std::vector<float> scales;
  std::vector<std::int32_t> zero_points;  ///< as many
  Index axis = 0;                         ///< of several scales
};

/// A constant of a graph. Copying it copies no elements.
struct Tensor {
  std::string name = {};
  Type type = Type::none;
  Shape shape = {};
  std::string_view bytes = {};  ///< of the elements, row by row; in the file, or in `owner`
  std::shared_ptr<const std::string> owner = {};
  std::shared_ptr<const std::vector<std::string>> texts = {};  ///< instead of bytes
  std::shared_ptr<const Scaling> scaling = {};                 ///< of integers that stand for reals
};

/// A tensor that is in no file.
Tensor make_tensor(std::string name, Shape shape, const std::vector<float>& values);
Tensor make_tensor(std::string name, Shape shape, const std::vector<Index>& values);

/// "'W' [5, 8]", for messages.
std::string text(const Tensor& tensor);

/// Its elements as reals, row by row. Throws std::runtime_error if one is not finite.
Eigen::RowVectorXd reals(const Tensor& tensor);

/// Its only element, which need not be finite. Throws std::runtime_error if it has several.
double real(const Tensor& tensor);

/// A tensor [rows, columns], or its transpose, as float32. Throws as reals() does.
Matrix matrix(const Tensor& tensor, bool transposed);

/// Integers [rows, columns] less their zero points, or the transpose. Throws std::runtime_error if
/// one is outside [-127, 127].
Int8Matrix int8_matrix(const Tensor& tensor, bool transposed);

/// Its elements, which must be integers; without their scaling.
std::vector<Index> integers(const Tensor& tensor);

/// The quantization of activations whose integers are int8, or uint8, which are less by 128 then.
Quantization quantization(const Tensor& scale, const Tensor* zero_point);

/// `integers` as what stands for reals; a missing zero point is 0.
Tensor scaled(Tensor integers, const Tensor& scale, const Tensor* zero_point, Index axis);

}  // namespace pare::nn::onnx
