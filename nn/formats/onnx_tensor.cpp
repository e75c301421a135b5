#include "nn/formats/onnx_tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace pare::nn::onnx {
namespace {

constexpr Index kMostElements = Index{1} << 40;

struct TypeInfo {
  const char* name;
  std::size_t bytes;  ///< 0: not supported
};

/// By their numbers.
constexpr std::array kTypes{
    TypeInfo{"none", 0},       TypeInfo{"float32", 4}, TypeInfo{"uint8", 1},
    TypeInfo{"int8", 1},       TypeInfo{"uint16", 2},  TypeInfo{"int16", 2},
    TypeInfo{"int32", 4},      TypeInfo{"int64", 8},   TypeInfo{"string", 0},
    TypeInfo{"bool", 1},       TypeInfo{"float16", 2}, TypeInfo{"float64", 8},
    TypeInfo{"uint32", 0},     TypeInfo{"uint64", 0},  TypeInfo{"complex64", 0},
    TypeInfo{"complex128", 0}, TypeInfo{"bfloat16", 0}};

/// use(T{}) with the C++ type of the elements.
template <class Use>
auto with_element(Type type, Use use) {
  switch (type) {
    case Type::float32:
      return use(float{});
    case Type::float64:
      return use(double{});
    case Type::float16:
      return use(Eigen::half{});
    case Type::int8:
      return use(std::int8_t{});
    case Type::uint8:
    case Type::boolean:
      return use(std::uint8_t{});
    case Type::int16:
      return use(std::int16_t{});
    case Type::uint16:
      return use(std::uint16_t{});
    case Type::int32:
      return use(std::int32_t{});
    case Type::int64:
      return use(std::int64_t{});
    default:
      fail("elements of type {} are no numbers", name(type));
  }
}

/// The elements of a tensor whose C++ type is T, as T or as what scaled integers stand for.
template <class T>
class Elements {
 public:
  explicit Elements(const Tensor& tensor) : bytes_(tensor.bytes), scaling_(tensor.scaling.get()) {
    if (scaling_ == nullptr || scaling_->scales.size() == 1) return;
    for (auto axis = static_cast<std::size_t>(scaling_->axis) + 1; axis < tensor.shape.size();
         ++axis) {
      stride_ *= tensor.shape[axis];
    }
  }

  T element(Index i) const {
    T value;
    std::memcpy(&value, bytes_.data() + static_cast<std::size_t>(i) * sizeof(T), sizeof(T));
    return value;
  }

  /// An integer less its zero point.
  std::int64_t steps(Index i) const {
    const std::int32_t zero = scaling_ == nullptr ? 0 : scaling_->zero_points[part(i)];
    return static_cast<std::int64_t>(element(i)) - zero;
  }

  /// Source: onnx/onnx, docs/Operators.md, DequantizeLinear.
  template <class Real>
  Real value(Index i) const {
    if (scaling_ == nullptr) return static_cast<Real>(element(i));
    return Real{static_cast<float>(steps(i)) * scaling_->scales[part(i)]};
  }

 private:
  /// Which of the scales element i has.
  std::size_t part(Index i) const {
    return static_cast<std::size_t>(i / stride_) % scaling_->scales.size();
  }

  std::string_view bytes_;
  const Scaling* scaling_;
  Index stride_ = 1;
};

/// get(elements, i) of every element i of a matrix, as they lie in it or in its transpose.
template <class Result, class Get>
Result laid_out(const Tensor& tensor, bool transposed, Get get) {
  constexpr Index kTile = 32;  // rows that are read side by side, for the cache
  const Index rows = tensor.shape.at(0);
  const Index columns = tensor.shape.at(1);
  Result result(transposed ? columns : rows, transposed ? rows : columns);
  with_element(tensor.type, [&](auto element) {
    const Elements<decltype(element)> elements(tensor);
    if (!transposed) {
      for (Index i = 0; i < result.size(); ++i) result.data()[i] = get(elements, i);
      return;
    }
    for (Index begin = 0; begin < rows; begin += kTile) {
      const Index end = std::min(rows, begin + kTile);
      for (Index j = 0; j < columns; ++j) {
        for (Index i = begin; i < end; ++i) result(j, i) = get(elements, i * columns + j);
      }
    }
  });
  return result;
}

template <class T>
Tensor owned(std::string name, Type type, Shape shape, const std::vector<T>& values) {
  auto bytes = std::make_shared<const std::string>(reinterpret_cast<const char*>(values.data()),
                                                   values.size() * sizeof(T));
  return {std::move(name), type, std::move(shape), *bytes, bytes};
}

[[noreturn]] void refuse_infinite(const Tensor& tensor) {
  fail("a value of the constant {} is not a finite number", text(tensor));
}

}  // namespace

std::string name(Type type) {
  const auto i = static_cast<std::size_t>(type);
  return i < kTypes.size() ? kTypes[i].name : fmt::format("number {}", i);
}

std::size_t size_bytes(Type type) {
  const auto i = static_cast<std::size_t>(type);
  return i < kTypes.size() ? kTypes[i].bytes : 0;
}

bool is_real(Type type) {
  return type == Type::float32 || type == Type::float64 || type == Type::float16;
}

std::string text(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

Tensor make_tensor(std::string name, Shape shape, const std::vector<float>& values) {
  return owned(std::move(name), Type::float32, std::move(shape), values);
}

Tensor make_tensor(std::string name, Shape shape, const std::vector<Index>& values) {
  return owned(std::move(name), Type::int64, std::move(shape), values);
}

std::string text(const Tensor& tensor) {
  return fmt::format("'{}' {}", tensor.name, text(tensor.shape));
}

Index element_count(const Shape& shape) {
  Index count = 1;
  for (const Index extent : shape) {
    if (extent < 1 || extent > kMostElements / count) {
      fail("the shape {} has no elements, or too many", text(shape));
    }
    count *= extent;
  }
  return count;
}

Eigen::RowVectorXd reals(const Tensor& tensor) {
  Eigen::RowVectorXd values(element_count(tensor.shape));
  with_element(tensor.type, [&](auto element) {
    const Elements<decltype(element)> elements(tensor);
    for (Index i = 0; i < values.size(); ++i) values[i] = elements.template value<double>(i);
  });
  if (!values.allFinite()) refuse_infinite(tensor);
  return values;
}

double real(const Tensor& tensor) {
  if (element_count(tensor.shape) != 1) {
    fail("the constant {} should be a single number", text(tensor));
  }
  return with_element(tensor.type, [&](auto element) {
    return Elements<decltype(element)>(tensor).template value<double>(0);
  });
}

Matrix matrix(const Tensor& tensor, bool transposed) {
  auto values = laid_out<Matrix>(tensor, transposed, [](const auto& elements, Index i) {
    return elements.template value<float>(i);
  });
  if (!values.allFinite()) refuse_infinite(tensor);
  return values;
}

Int8Matrix int8_matrix(const Tensor& tensor, bool transposed) {
  return laid_out<Int8Matrix>(tensor, transposed, [&](const auto& elements, Index i) {
    const std::int64_t steps = elements.steps(i);
    if (steps < -127 || steps > 127) {
      fail(
          "an element of {} less its zero point is {}; weights have to be in [-127, 127]: "
          "quantize them symmetrically",
          text(tensor), steps);
    }
    return static_cast<std::int8_t>(steps);
  });
}

std::vector<Index> integers(const Tensor& tensor) {
  std::vector<Index> values(static_cast<std::size_t>(element_count(tensor.shape)));
  with_element(tensor.type, [&](auto element) {
    using T = decltype(element);
    if constexpr (std::is_integral_v<T>) {
      const Elements<T> elements(tensor);
      for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = elements.element(static_cast<Index>(i));
      }
    } else {
      fail("the constant {} should be integers, and is {}", text(tensor), name(tensor.type));
    }
  });
  return values;
}

Quantization quantization(const Tensor& scale, const Tensor* zero_point) {
  const Type type = zero_point == nullptr ? Type::uint8 : zero_point->type;
  if (type != Type::int8 && type != Type::uint8) {
    fail("its activations are {}; int8 and uint8 are supported", name(type));
  }
  const Index zero = zero_point == nullptr ? 0 : static_cast<Index>(real(*zero_point));
  if (const double size = real(scale); !(size > 0) || std::isinf(size)) {
    fail("its scale {} is not a positive number", size);
  }
  return {static_cast<float>(real(scale)),
          static_cast<std::int32_t>(type == Type::uint8 ? zero - 128 : zero)};
}

Tensor scaled(Tensor integers, const Tensor& scale, const Tensor* zero_point, Index axis) {
  if (is_real(integers.type) || size_bytes(integers.type) > 4) {
    fail("the constant {} should be integers of 8 to 32 bits, and is {}", text(integers),
         name(integers.type));
  }
  Scaling scaling{{}, {}, axis};
  for (const double value : reals(scale)) scaling.scales.push_back(static_cast<float>(value));
  const std::size_t count = scaling.scales.size();
  const auto rank = static_cast<Index>(integers.shape.size());
  if (count > 1 && (axis < 0 || axis >= rank ||
                    integers.shape[static_cast<std::size_t>(axis)] != static_cast<Index>(count))) {
    fail("it has {} scales for axis {} of the constant {}", count, axis, text(integers));
  }
  scaling.zero_points.assign(count, 0);
  if (zero_point != nullptr) {
    const std::vector<Index> zeros = onnx::integers(*zero_point);
    if (zeros.size() != 1 && zeros.size() != count) {
      fail("it has {} zero points and {} scales", zeros.size(), count);
    }
    for (std::size_t i = 0; i < count; ++i) {
      scaling.zero_points[i] = static_cast<std::int32_t>(zeros[zeros.size() == 1 ? 0 : i]);
    }
  }
  integers.scaling = std::make_shared<const Scaling>(std::move(scaling));
  return integers;
}

}  // namespace pare::nn::onnx
