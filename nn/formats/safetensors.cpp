#include "nn/formats/safetensors.h"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>

#include "nn/activation.h"
#include "nn/formats/format.h"
#include "nn/formats/state_dict.h"
#include "nn/formats/tensor_file.h"
#include "nn/json_text.h"
#include "nn/text_file.h"

namespace pare::nn {
namespace {

using Json = nlohmann::json;
constexpr const char* kFormat = "pare 2";

/// How the checksum stands in the header, and its digits while it is computed.
constexpr std::string_view kChecksumEntry = "\"crc32\":\"";
constexpr std::string_view kNoChecksum = "00000000";

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
    header_[kMetadata][key(layer, "activation")] = text(dense.activation);
  }

  void add(std::size_t layer, const Int8Layer& int8) {
    add_matrix(layer, int8.weights);
    add_vector(layer, "bias", int8.bias);
    add_vector(layer, "weight_scales", int8.weight_scales);
    add_quantization(layer, "input", int8.input);
    add_quantization(layer, "output", int8.output);
    if (has_table(int8.activation)) add_quantization(layer, "pre_activation", int8.pre_activation);
    header_[kMetadata][key(layer, "activation")] = text(int8.activation);
    header_[kMetadata][key(layer, "requantizing")] = name(int8.requantizing);
  }

  /// The ends of a model, where they say anything.
  void add(const Inputs& inputs, const Outputs& outputs) {
    add_row("inputs.offset", inputs.offset);
    add_row("inputs.factor", inputs.factor);
    add_row("outputs.factor", outputs.factor);
    add_row("outputs.offset", outputs.offset);
    if (inputs.activation != Activation::identity) {
      header_[kMetadata]["inputs.activation"] = text(inputs.activation);
    }
    if (outputs.meaning != Meaning::values) {
      header_[kMetadata]["outputs.meaning"] = name(outputs.meaning);
    }
    add_names("inputs.names", inputs.names);
    add_names("outputs.names", outputs.names);
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

  void add_row(const std::string& name, const RowVector& v) {
    if (v.size() == 0) return;
    add(name, std::span<const float>(v.data(), static_cast<std::size_t>(v.size())), {v.size()});
  }

  /// A list in JSON: an entry of the metadata is a text.
  void add_names(const std::string& name, const std::vector<std::string>& names) {
    if (!names.empty()) header_[kMetadata][name] = json_text(Json(names));
  }

  void add_quantization(std::size_t layer, const std::string& which, const Quantization& q) {
    add(key(layer, which + "_scale"), std::span<const float>(&q.scale, 1), {1});
    add(key(layer, which + "_zero_point"), std::span<const std::int32_t>(&q.zero_point, 1), {1});
  }

  Json header_;
  std::string data_;
};

/// Reads what Writer wrote.
class Reader {
 public:
  explicit Reader(std::string bytes) : file_(std::move(bytes)) {
    if (const std::string format = file_.text("format"); format != kFormat) {
      fail(fmt::format("its format is '{}', and this version of pare reads '{}'", format, kFormat));
    }
    const std::size_t digits = find_checksum(file_.bytes());
    if (digits == std::string::npos || file_.text("crc32") != checksum(file_.bytes(), digits)) {
      fail("its checksum is wrong; the file is corrupted");
    }
  }

  Model model() {
    Model model;
    const std::size_t layers = layer_count();
    while (model.layers.size() < layers) model.layers.push_back(layer(model.layers.size()));
    model.inputs = inputs();
    model.outputs = outputs();
    file_.expect_nothing_left();
    check(model);
    return model;
  }

 private:
  [[noreturn]] static void fail(const std::string& what) { throw std::runtime_error(what); }

  std::size_t layer_count() {
    const std::string text = file_.text("layers");
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size()) {
      fail(fmt::format("it says '{}' layers", text));
    }
    return count;
  }

  Layer layer(std::size_t i) {
    const std::string weight = key(i, "weight");
    if (!file_.has(weight) || file_.dtype(weight) != kDtype<std::int8_t>) {
      return DenseLayer{file_.matrix<float>(weight), file_.vector<float>(key(i, "bias")),
                        activation(key(i, "activation"))};
    }
    const Activation ends_in = activation(key(i, "activation"));
    return Int8Layer{file_.matrix<std::int8_t>(weight),
                     file_.vector<std::int32_t>(key(i, "bias")),
                     file_.vector<float>(key(i, "weight_scales")),
                     quantization(i, "input"),
                     quantization(i, "output"),
                     ends_in,
                     has_table(ends_in) ? quantization(i, "pre_activation") : Quantization{},
                     one_of(key(i, "requantizing"), std::array{Requantizing::double_rounding,
                                                               Requantizing::single_rounding})};
  }

  Quantization quantization(std::size_t layer, const std::string& which) {
    const auto scale = file_.vector<float>(key(layer, which + "_scale"));
    const auto zero_point = file_.vector<std::int32_t>(key(layer, which + "_zero_point"));
    if (scale.size() != 1 || zero_point.size() != 1) {
      fail(fmt::format("layers.{}.{} quantization is not one scale and one zero point", layer,
                       which));
    }
    return {scale[0], zero_point[0]};
  }

  Inputs inputs() {
    Inputs inputs{row("inputs.offset"), row("inputs.factor")};
    if (file_.has_text("inputs.activation")) inputs.activation = activation("inputs.activation");
    inputs.names = names("inputs.names");
    return inputs;
  }

  Outputs outputs() {
    Outputs outputs{row("outputs.factor"), row("outputs.offset")};
    if (file_.has_text("outputs.meaning")) {
      outputs.meaning =
          one_of("outputs.meaning", std::array{Meaning::values, Meaning::logits,
                                               Meaning::probabilities, Meaning::log_probabilities});
    }
    outputs.names = names("outputs.names");
    return outputs;
  }

  Activation activation(const std::string& name) {
    const std::string text = file_.text(name);
    const std::optional<Activation> found = find_activation(text);
    if (!found) fail(fmt::format("{} is '{}'", name, text));
    return *found;
  }

  template <class T, std::size_t n>
  T one_of(const std::string& name, const std::array<T, n>& values) {
    const std::string text = file_.text(name);
    for (const T value : values) {
      if (text == nn::name(value)) return value;
    }
    fail(fmt::format("{} is '{}'", name, text));
  }

  /// Empty where the file has none.
  RowVector row(const std::string& name) {
    if (!file_.has(name)) return {};
    return file_.vector<float>(name).transpose();
  }

  std::vector<std::string> names(const std::string& name) {
    if (!file_.has_text(name)) return {};
    return parse_json(file_.text(name)).get<std::vector<std::string>>();
  }

  TensorFile file_;
};

}  // namespace

std::string to_safetensors(const Model& model) {
  Writer writer;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    std::visit([&](const auto& layer) { writer.add(i, layer); }, model.layers[i]);
  }
  writer.add(model.inputs, model.outputs);
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

Model from_safetensors(std::string bytes) {
  try {
    return Reader(std::move(bytes)).model();
  } catch (const Json::exception&) {
    throw std::runtime_error("its header is JSON, but not that of a model");
  }
}

namespace {

bool recognizes(std::string_view bytes) {
  return bytes.size() > kLengthBytes && bytes[kLengthBytes] == '{';
}

/// One of ours, which says so, or the tensors of somebody's state_dict.
ReadModel read(const std::filesystem::path& path, const ReadOptions& options) {
  std::string bytes = read_bytes(path);
  try {
    TensorFile file(bytes);
    if (file.has_text("format") && file.text("format").starts_with("pare")) {
      return {from_safetensors(std::move(bytes))};
    }
    return read_state_dict(std::move(file), options);
  } catch (const Json::exception&) {
    throw std::runtime_error("its header is JSON, but not that of safetensors");
  }
}

std::string write(const Model& model, std::vector<std::string>& /*losses*/) {
  return to_safetensors(model);
}

}  // namespace

extern const ModelFormat kSafetensors;
const ModelFormat kSafetensors{
    .name = "safetensors",
    .title = "safetensors",
    .endings = {".safetensors"},
    .takes = "pare's own models whole, and PyTorch's state_dict of Linear and BatchNorm1d",
    .recognizes = recognizes,
    .read = read,
    .write = write};

Model load(const std::filesystem::path& path) {
  try {
    return from_safetensors(read_bytes(path));
  } catch (const std::exception& error) {
    throw std::runtime_error(
        fmt::format("{} is not a whole model file: {}", path.string(), error.what()));
  }
}

}  // namespace pare::nn
