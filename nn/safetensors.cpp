#include "nn/safetensors.h"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>

#include "nn/activation.h"
#include "nn/json_text.h"

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian");

namespace pare::nn {
namespace {

using Json = nlohmann::json;
constexpr std::size_t kLengthBytes = 8;
constexpr Index kLargestExtent = 1 << 24;  // so that no product of two overflows
constexpr const char* kMetadata = "__metadata__";
constexpr const char* kFormat = "pare 2";

/// How the checksum stands in the header, and its digits while it is computed.
constexpr std::string_view kChecksumEntry = "\"crc32\":\"";
constexpr std::string_view kNoChecksum = "00000000";

template <class T>
constexpr const char* kDtype = nullptr;
template <>
constexpr const char* kDtype<float> = "F32";
template <>
constexpr const char* kDtype<std::int8_t> = "I8";
template <>
constexpr const char* kDtype<std::int32_t> = "I32";

/// Where the eight digits of the checksum are in a whole file; npos if it has none.
std::size_t find_checksum(std::string_view file) {
  const std::size_t entry = file.find(kChecksumEntry);
  if (entry == std::string_view::npos) return entry;
  const std::size_t digits = entry + kChecksumEntry.size();
  return digits + kNoChecksum.size() <= file.size() ? digits : std::string_view::npos;
}

/// CRC-32 of a whole file, with zeros for its own digits.
std::string checksum(std::string file, std::size_t digits) {
  file.replace(digits, kNoChecksum.size(), kNoChecksum);
  return fmt::format("{:08x}",
                     crc32_z(0, reinterpret_cast<const Bytef*>(file.data()), file.size()));
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
    header_[kMetadata][key(layer, "activation")] = name(dense.activation);
  }

  void add(std::size_t layer, const Int8Layer& int8) {
    add_matrix(layer, int8.weights);
    add_vector(layer, "bias", int8.bias);
    add_vector(layer, "weight_scales", int8.weight_scales);
    add_quantization(layer, "input", int8.input);
    add_quantization(layer, "output", int8.output);
    if (has_table(int8.activation)) add_quantization(layer, "pre_activation", int8.pre_activation);
    header_[kMetadata][key(layer, "activation")] = name(int8.activation);
    header_[kMetadata][key(layer, "requantizing")] = name(int8.requantizing);
  }

  std::string bytes(std::size_t layers) {
    header_[kMetadata]["format"] = kFormat;
    header_[kMetadata]["layers"] = fmt::format("{}", layers);
    header_[kMetadata]["crc32"] = kNoChecksum;
    std::string header = json_text(header_);
    header.append((8 - header.size() % 8) % 8, ' ');
    const std::uint64_t length = header.size();
    std::string file(reinterpret_cast<const char*>(&length), kLengthBytes);
    file += header + data_;
    const std::size_t digits = find_checksum(file);
    return file.replace(digits, kNoChecksum.size(), checksum(file, digits));
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

/// The header and the data of a whole file. What is read is taken out: nothing may be left over.
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
    header_ = parse_json(std::string_view(bytes_).substr(kLengthBytes, length));
    if (!header_.is_object()) fail("its header is not a JSON object");
    data_ = std::string_view(bytes_).substr(kLengthBytes + length);
    metadata_ = header_.value(kMetadata, Json::object());
    header_.erase(kMetadata);
    if (const std::string format = take_text("format"); format != kFormat) {
      fail(fmt::format("its format is '{}', and this version of pare reads '{}'", format, kFormat));
    }
    const std::size_t digits = find_checksum(bytes_);
    if (digits == std::string::npos || take_text("crc32") != checksum(bytes_, digits)) {
      fail("its checksum is wrong; the file is corrupted");
    }
  }

  std::size_t layer_count() {
    const std::string text = take_text("layers");
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size()) {
      fail(fmt::format("it says '{}' layers", text));
    }
    return count;
  }

  bool is_int8(std::size_t layer) const {
    const auto found = header_.find(key(layer, "weight"));
    return found != header_.end() && found->value("dtype", "") == kDtype<std::int8_t>;
  }

  template <class T>
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> matrix(
      const std::string& name) {
    const auto [shape, values] = take_tensor<T>(name, 2);
    Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> m(shape[0], shape[1]);
    std::memcpy(m.data(), values.data(), values.size());
    return m;
  }

  template <class T>
  Eigen::Matrix<T, Eigen::Dynamic, 1> vector(const std::string& name) {
    const auto [shape, values] = take_tensor<T>(name, 1);
    Eigen::Matrix<T, Eigen::Dynamic, 1> v(shape[0]);
    std::memcpy(v.data(), values.data(), values.size());
    return v;
  }

  Quantization quantization(std::size_t layer, const std::string& which) {
    const auto scale = vector<float>(key(layer, which + "_scale"));
    const auto zero_point = vector<std::int32_t>(key(layer, which + "_zero_point"));
    if (scale.size() != 1 || zero_point.size() != 1) {
      fail(fmt::format("layers.{}.{} quantization is not one scale and one zero point", layer,
                       which));
    }
    return {scale[0], zero_point[0]};
  }

  Activation activation(std::size_t layer) {
    return one_of<Activation>(key(layer, "activation"), kActivations);
  }

  Requantizing requantizing(std::size_t layer) {
    return one_of<Requantizing>(
        key(layer, "requantizing"),
        std::array{Requantizing::double_rounding, Requantizing::single_rounding});
  }

  /// To be called at the end.
  void expect_nothing_left() const {
    if (!header_.empty()) fail(fmt::format("tensor {} is unknown", header_.begin().key()));
    if (!metadata_.empty()) fail(fmt::format("its entry {} is unknown", metadata_.begin().key()));
    if (taken_bytes_ != data_.size()) {
      fail(fmt::format("its tensors need {} bytes, but {} follow the header", taken_bytes_,
                       data_.size()));
    }
  }

  [[noreturn]] static void fail(const std::string& what) { throw std::runtime_error(what); }

 private:
  std::string take_text(const std::string& name) {
    const auto found = metadata_.find(name);
    if (found == metadata_.end()) fail(fmt::format("its header has no {}", name));
    auto text = found->get<std::string>();
    metadata_.erase(found);
    return text;
  }

  template <class T>
  T one_of(const std::string& name, const auto& values) {
    const std::string text = take_text(name);
    for (const T value : values) {
      if (text == nn::name(value)) return value;
    }
    fail(fmt::format("{} is '{}'", name, text));
  }

  template <class T>
  std::pair<std::vector<Index>, std::string_view> take_tensor(const std::string& name,
                                                              std::size_t dimensions) {
    if (!header_.contains(name)) fail(fmt::format("tensor {} is missing", name));
    const Json entry = header_.at(name);
    header_.erase(name);
    if (entry.at("dtype") != kDtype<T>) {
      fail(fmt::format("tensor {} is {}, expected {}", name, json_text(entry.at("dtype")),
                       kDtype<T>));
    }
    auto shape = entry.at("shape").get<std::vector<Index>>();
    const auto begin = entry.at("data_offsets").at(0).get<std::size_t>();
    const auto end = entry.at("data_offsets").at(1).get<std::size_t>();
    if (shape.size() != dimensions) {
      fail(fmt::format("tensor {} has {} dimensions, expected {}", name, shape.size(), dimensions));
    }
    std::size_t size = sizeof(T);
    for (const Index extent : shape) {
      if (extent < 1 || extent > kLargestExtent) {
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

  std::string bytes_;
  Json header_;    ///< tensors that nobody has read
  Json metadata_;  ///< likewise
  std::string_view data_;
  std::size_t taken_bytes_ = 0;
};

Layer read_layer(Reader& reader, std::size_t i) {
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

std::string to_safetensors(const Model& model) {
  Writer writer;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    std::visit([&](const auto& layer) { writer.add(i, layer); }, model.layers[i]);
  }
  return writer.bytes(model.layers.size());
}

void save(const Model& model, const std::filesystem::path& path) {
  std::ofstream file(path, std::ios::binary);
  file << to_safetensors(model) << std::flush;
  if (!file) {
    throw std::runtime_error(
        fmt::format("{} cannot be written: {}", path.string(), std::strerror(errno)));
  }
}

Model load(const std::filesystem::path& path) {
  const auto refuse = [&path](std::string_view what) {
    return std::runtime_error(fmt::format("{} is not a whole model file: {}", path.string(), what));
  };
  try {
    Reader reader(read_file(path));
    Model model;
    const std::size_t layers = reader.layer_count();
    while (model.layers.size() < layers) {
      model.layers.push_back(read_layer(reader, model.layers.size()));
    }
    reader.expect_nothing_left();
    check(model);
    return model;
  } catch (const Json::exception&) {
    throw refuse("its header is JSON, but not that of a model");
  } catch (const std::runtime_error& error) {
    throw refuse(error.what());
  } catch (const std::invalid_argument& error) {
    throw refuse(error.what());
  }
}

}  // namespace pare::nn
