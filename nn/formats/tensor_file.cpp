#include "nn/formats/tensor_file.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <stdexcept>

#include "nn/json_text.h"

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian");

namespace pare::nn {
namespace {

using Json = nlohmann::json;
constexpr Index kLargestExtent = 1 << 24;  // so that no product of two overflows

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

template <class T>
T value_at(std::string_view bytes, std::size_t index) {
  T value{};
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

struct RealType {
  std::string_view dtype;
  std::size_t bytes;
  float (*read)(std::string_view bytes, std::size_t index);
};

constexpr RealType kRealTypes[] = {
    {"F32", 4, [](std::string_view b, std::size_t i) { return value_at<float>(b, i); }},
    {"F64", 8,
     [](std::string_view b, std::size_t i) { return static_cast<float>(value_at<double>(b, i)); }},
    {"F16", 2,
     [](std::string_view b, std::size_t i) {
       return static_cast<float>(value_at<Eigen::half>(b, i));
     }},
    {"BF16", 2,
     [](std::string_view b, std::size_t i) {
       return static_cast<float>(value_at<Eigen::bfloat16>(b, i));
     }},
};

}  // namespace

TensorFile::TensorFile(std::string bytes) : bytes_(std::move(bytes)) {
  std::uint64_t length = 0;
  if (bytes_.size() < kLengthBytes) fail("it is shorter than the 8 bytes of its header's length");
  std::memcpy(&length, bytes_.data(), kLengthBytes);
  if (length > bytes_.size() - kLengthBytes) {
    fail(fmt::format("its header should have {} bytes, but the file ends after {}", length,
                     bytes_.size() - kLengthBytes));
  }
  header_ = parse_json(std::string_view(bytes_).substr(kLengthBytes, length));
  if (!header_.is_object()) fail("its header is not a JSON object");
  data_ = std::string_view(bytes_).substr(kLengthBytes + length);
  metadata_ = header_.value(kMetadata, Json::object());
  header_.erase(kMetadata);
}

std::vector<std::string> TensorFile::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : header_.items()) names.push_back(name);
  return names;
}

std::string TensorFile::dtype(const std::string& name) const {
  return header_.at(name).value("dtype", "");
}

std::vector<Index> TensorFile::shape(const std::string& name) const {
  return header_.at(name).at("shape").get<std::vector<Index>>();
}

template <class T>
Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> TensorFile::matrix(
    const std::string& name) {
  const auto [shape, values] = take(name, kDtype<T>, sizeof(T), 2);
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> m(shape[0], shape[1]);
  std::memcpy(m.data(), values.data(), values.size());
  return m;
}

template <class T>
Eigen::Matrix<T, Eigen::Dynamic, 1> TensorFile::vector(const std::string& name) {
  const auto [shape, values] = take(name, kDtype<T>, sizeof(T), 1);
  Eigen::Matrix<T, Eigen::Dynamic, 1> v(shape[0]);
  std::memcpy(v.data(), values.data(), values.size());
  return v;
}

template Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> TensorFile::matrix(
    const std::string&);
template Int8Matrix TensorFile::matrix(const std::string&);
template Vector TensorFile::vector(const std::string&);
template Int32Vector TensorFile::vector(const std::string&);

Vector TensorFile::floats(const std::string& name) {
  const std::string type = has(name) ? dtype(name) : "";
  for (const RealType& real : kRealTypes) {
    if (has(name) && real.dtype != type) continue;
    const auto [shape, bytes] = take(name, real.bytes);
    Vector values(static_cast<Index>(bytes.size() / real.bytes));
    for (Index i = 0; i < values.size(); ++i) {
      values[i] = real.read(bytes, static_cast<std::size_t>(i));
    }
    return values;
  }
  fail(fmt::format("tensor {} is {}, expected F32, F16, BF16 or F64", name, type));
}

std::string TensorFile::text(const std::string& name) {
  const auto found = metadata_.find(name);
  if (found == metadata_.end()) fail(fmt::format("its header has no {}", name));
  auto text = found->get<std::string>();
  metadata_.erase(found);
  return text;
}

void TensorFile::expect_nothing_left() const {
  if (!header_.empty()) fail(fmt::format("tensor {} is unknown", header_.begin().key()));
  if (!metadata_.empty()) fail(fmt::format("its entry {} is unknown", metadata_.begin().key()));
  if (taken_bytes_ != data_.size()) {
    fail(fmt::format("its tensors need {} bytes, but {} follow the header", taken_bytes_,
                     data_.size()));
  }
}

TensorFile::Tensor TensorFile::take(const std::string& name, std::size_t element_bytes) {
  if (!has(name)) fail(fmt::format("tensor {} is missing", name));
  const Json entry = header_.at(name);
  header_.erase(name);
  auto shape = entry.at("shape").get<std::vector<Index>>();
  const auto begin = entry.at("data_offsets").at(0).get<std::size_t>();
  const auto end = entry.at("data_offsets").at(1).get<std::size_t>();
  std::size_t size = element_bytes;
  for (const Index extent : shape) {
    if (extent < 1 || extent > kLargestExtent || size > data_.size()) {
      fail(fmt::format("tensor {} has an extent of {}", name, extent));
    }
    size *= static_cast<std::size_t>(extent);
  }
  if (begin > end || end > data_.size() || end - begin != size) {
    fail(fmt::format("tensor {} lies at bytes {} to {} of {}, and needs {}", name, begin, end,
                     data_.size(), size));
  }
  taken_bytes_ += size;
  return {std::move(shape), data_.substr(begin, size)};
}

TensorFile::Tensor TensorFile::take(const std::string& name, std::string_view dtype,
                                    std::size_t element_bytes, std::size_t dimensions) {
  if (!has(name)) fail(fmt::format("tensor {} is missing", name));
  const Json& entry = header_.at(name);
  if (entry.at("dtype") != dtype) {
    fail(fmt::format("tensor {} is {}, expected {}", name, json_text(entry.at("dtype")), dtype));
  }
  if (const std::size_t given = shape(name).size(); given != dimensions) {
    fail(fmt::format("tensor {} has {} dimensions, expected {}", name, given, dimensions));
  }
  return take(name, element_bytes);
}

}  // namespace pare::nn
