#include "nn/safetensors.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>

#include "nn/activation.h"

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian");

namespace pare::nn {
namespace {

using Json = nlohmann::json;
constexpr std::size_t kLengthBytes = 8;
constexpr Index kLargestExtent = 1 << 24;  // so that no product of two overflows

template <class T>
constexpr const char* kDtype = nullptr;
template <>
constexpr const char* kDtype<float> = "F32";
template <>
constexpr const char* kDtype<std::int8_t> = "I8";
template <>
constexpr const char* kDtype<std::int32_t> = "I32";

std::string checksum(std::string_view data) {
  const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size());
  return fmt::format("{:08x}", crc);
}

std::string key(std::size_t layer, std::string_view tensor) {
  return fmt::format("layers.{}.{}", layer, tensor);
}

/// Collects tensors, and lays them out as the format asks.
class Writer {
 public:
  template <class T>
  void add(const std::string& name, std::span<const T> values, std::vector<Index> shape) {
    const std::size_t begin = data_.size();
    data_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    header_[name] = {
        {"dtype", kDtype<T>}, {"shape", std::move(shape)}, {"data_offsets", {begin, data_.size()}}};
  }

  void add(std::size_t layer, const DenseLayer& dense) {
    add_matrix(layer, dense.weights);
    add_vector(layer, "bias", dense.bias);
    header_["__metadata__"][key(layer, "activation")] = name(dense.activation);
  }

  void add(std::size_t layer, const Int8Layer& int8) {
    add_matrix(layer, int8.weights);
    add_vector(layer, "bias", int8.bias);
    add_vector(layer, "weight_scales", int8.weight_scales);
    add_quantization(layer, "input", int8.input);
    add_quantization(layer, "output", int8.output);
    if (has_table(int8.activation)) add_quantization(layer, "pre_activation", int8.pre_activation);
    header_["__metadata__"][key(layer, "activation")] = name(int8.activation);
    header_["__metadata__"][key(layer, "requantizing")] = name(int8.requantizing);
  }

  std::string bytes() {
    header_["__metadata__"]["format"] = "pare 1";
    header_["__metadata__"]["crc32"] = checksum(data_);
    std::string header = header_.dump();
    header.append((8 - header.size() % 8) % 8, ' ');
    const std::uint64_t length = header.size();
    std::string result(reinterpret_cast<const char*>(&length), kLengthBytes);
    return result + header + data_;
  }

 private:
  void add_matrix(std::size_t layer, const auto& m) {
    using T = std::decay_t<decltype(m(0, 0))>;
    add(key(layer, "weight"), std::span<const T>(m.data(), static_cast<std::size_t>(m.size())),
        {m.rows(), m.cols()});
  }

  void add_vector(std::size_t layer, std::string_view tensor, const auto& v) {
    using T = std::decay_t<decltype(v[0])>;
    add(key(layer, tensor), std::span<const T>(v.data(), static_cast<std::size_t>(v.size())),
        {v.size()});
  }

  void add_quantization(std::size_t layer, const std::string& which, const Quantization& q) {
    add(key(layer, which + "_scale"), std::span<const float>(&q.scale, 1), {1});
    add(key(layer, which + "_zero_point"), std::span<const std::int32_t>(&q.zero_point, 1), {1});
  }

  Json header_;
  std::string data_;
};

/// The header and the data of a file, checked against each other.
class Reader {
 public:
  explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {
    std::uint64_t length = 0;
    if (bytes_.size() < kLengthBytes) fail("it is shorter than the 8 bytes of its header's length");
    std::memcpy(&length, bytes_.data(), kLengthBytes);
    if (length > bytes_.size() - kLengthBytes) {
      fail(fmt::format("its header should have {} bytes, but the file ends after {}", length,
                       bytes_.size() - kLengthBytes));
    }
    header_ = Json::parse(bytes_.substr(kLengthBytes, length), nullptr, false);
    if (!header_.is_object()) fail("its header is not a JSON object");
    data_ = std::string_view(bytes_).substr(kLengthBytes + length);
    if (data_.size() != data_size()) {
      fail(fmt::format("its tensors need {} bytes, but {} follow the header", data_size(),
                       data_.size()));
    }
    const std::string expected = metadata("crc32");
    if (!expected.empty() && checksum(data_) != expected) {
      fail("the checksum of its data is wrong; the file is corrupted");
    }
  }

  bool has(const std::string& name) const { return header_.contains(name); }

  bool is_int8(std::size_t layer) const {
    return header_.at(key(layer, "weight")).value("dtype", "") == "I8";
  }

  template <class T>
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> matrix(
      const std::string& name) const {
    const auto [shape, values] = tensor<T>(name, 2);
    Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> m(shape[0], shape[1]);
    std::memcpy(m.data(), values.data(), values.size());
    return m;
  }

  template <class T>
  Eigen::Matrix<T, Eigen::Dynamic, 1> vector(const std::string& name) const {
    const auto [shape, values] = tensor<T>(name, 1);
    Eigen::Matrix<T, Eigen::Dynamic, 1> v(shape[0]);
    std::memcpy(v.data(), values.data(), values.size());
    return v;
  }

  Quantization quantization(std::size_t layer, const std::string& which) const {
    const auto scale = vector<float>(key(layer, which + "_scale"));
    const auto zero_point = vector<std::int32_t>(key(layer, which + "_zero_point"));
    if (scale.size() != 1 || zero_point.size() != 1) {
      fail(fmt::format("layers.{}.{} quantization is not one scale and one zero point", layer,
                       which));
    }
    return {scale[0], zero_point[0]};
  }

  Activation activation(std::size_t layer) const {
    const std::string text = metadata(key(layer, "activation"));
    for (const Activation a : kActivations) {
      if (text == name(a)) return a;
    }
    fail(fmt::format("layers.{}.activation is '{}'", layer, text));
  }

  /// Files without it are of before there was a choice.
  Requantizing requantizing(std::size_t layer) const {
    const std::string text = metadata(key(layer, "requantizing"));
    if (text.empty()) return Requantizing::double_rounding;
    for (const Requantizing r : {Requantizing::double_rounding, Requantizing::single_rounding}) {
      if (text == name(r)) return r;
    }
    fail(fmt::format("layers.{}.requantizing is '{}'", layer, text));
  }

  [[noreturn]] static void fail(const std::string& what) { throw std::runtime_error(what); }

 private:
  std::string metadata(const std::string& name) const {
    const auto found = header_.find("__metadata__");
    return found == header_.end() ? "" : found->value(name, "");
  }

  std::size_t data_size() const {
    std::size_t end = 0;
    for (const auto& [name, entry] : header_.items()) {
      if (name == "__metadata__") continue;
      const std::size_t tensor_end = entry.at("data_offsets").at(1).get<std::size_t>();
      end = std::max(end, tensor_end);
    }
    return end;
  }

  template <class T>
  std::pair<std::vector<Index>, std::string_view> tensor(const std::string& name,
                                                         std::size_t dimensions) const {
    if (!has(name)) fail(fmt::format("tensor {} is missing", name));
    const Json& entry = header_.at(name);
    if (entry.at("dtype") != kDtype<T>) {
      fail(fmt::format("tensor {} is {}, expected {}", name, entry.at("dtype").dump(), kDtype<T>));
    }
    auto shape = entry.at("shape").get<std::vector<Index>>();
    const auto begin = entry.at("data_offsets").at(0).get<std::size_t>();
    const auto end = entry.at("data_offsets").at(1).get<std::size_t>();
    std::size_t size = sizeof(T);
    for (const Index extent : shape) {
      if (extent < 1 || extent > kLargestExtent) {
        fail(fmt::format("tensor {} has an extent of {}", name, extent));
      }
      size *= static_cast<std::size_t>(extent);
    }
    if (shape.size() != dimensions || begin > end || end - begin != size) {
      fail(fmt::format("tensor {}: its shape and its {} bytes do not agree", name, end - begin));
    }
    return {std::move(shape), data_.substr(begin, size)};
  }

  std::string bytes_;
  Json header_;
  std::string_view data_;
};

Layer read_layer(const Reader& reader, std::size_t i) {
  if (!reader.is_int8(i)) {
    return DenseLayer{reader.matrix<float>(key(i, "weight")), reader.vector<float>(key(i, "bias")),
                      reader.activation(i)};
  }
  const Activation activation = reader.activation(i);
  return Int8Layer{
      reader.matrix<std::int8_t>(key(i, "weight")),
      reader.vector<std::int32_t>(key(i, "bias")),
      reader.vector<float>(key(i, "weight_scales")),
      reader.quantization(i, "input"),
      reader.quantization(i, "output"),
      activation,
      has_table(activation) ? reader.quantization(i, "pre_activation") : Quantization{},
      reader.requantizing(i)};
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) Reader::fail("it cannot be opened");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

void save(const Model& model, const std::filesystem::path& path) {
  Writer writer;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    std::visit([&](const auto& layer) { writer.add(i, layer); }, model.layers[i]);
  }
  std::ofstream file(path, std::ios::binary);
  file << writer.bytes() << std::flush;
  if (!file) throw std::runtime_error(fmt::format("{} cannot be written", path.string()));
}

Model load(const std::filesystem::path& path) {
  try {
    const Reader reader(read_file(path));
    Model model;
    while (reader.has(key(model.layers.size(), "weight"))) {
      model.layers.push_back(read_layer(reader, model.layers.size()));
    }
    check(model);
    return model;
  } catch (const std::exception& error) {
    throw std::runtime_error(
        fmt::format("{} is not a whole model file: {}", path.string(), error.what()));
  }
}

}  // namespace pare::nn
