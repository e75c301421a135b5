#include "nn/formats/onnx_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <onnx.pb.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>
#include <stdexcept>

#include "nn/text_file.h"

static_assert(std::endian::native == std::endian::little, "ONNX's raw data is little-endian");

namespace pare::nn::onnx {
namespace {

namespace fs = std::filesystem;

constexpr Index kFirstOpset = 7;  // from here on Add and the others broadcast as NumPy does
constexpr Index kLastOpset = 22;

bool is_own_domain(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

/// Of ONNX's own operators; the last one of a graph that has none of them.
Index checked_opset(const proto::Model& model) {
  for (const proto::OperatorSet& set : model.opset_import()) {
    if (!is_own_domain(set.domain())) continue;
    if (set.version() < kFirstOpset || set.version() > kLastOpset) {
      fail("it uses opset {}, and {} to {} are supported; export it with opset_version=13",
           set.version(), kFirstOpset, kLastOpset);
    }
    return set.version();
  }
  const auto& nodes = model.graph().node();
  const bool has_own = std::any_of(nodes.begin(), nodes.end(), [](const proto::Node& node) {
    return is_own_domain(node.domain());
  });
  if (!has_own && model.opset_import_size() > 0) return kLastOpset;
  fail("it does not say of which opset its operators are; it may be cut short");
}

Value value(const proto::Value& source) {
  Value value{source.name(), Type::none, {}, source.name()};
  if (!source.type().has_tensor_type()) return value;
  value.type = static_cast<Type>(source.type().tensor_type().elem_type());
  if (!source.type().tensor_type().has_shape()) return value;
  value.shape.emplace();
  std::vector<std::string> extents;
  for (const proto::Dimension& dimension : source.type().tensor_type().shape().dim()) {
    const bool known = dimension.dim_value() > 0;
    value.shape->push_back(known ? dimension.dim_value() : kUnknown);
    extents.push_back(known                           ? std::to_string(dimension.dim_value())
                      : dimension.dim_param().empty() ? "?"
                                                      : dimension.dim_param());
  }
  value.text += fmt::format(" [{}]", fmt::join(extents, ", "));
  return value;
}

/// A file that a tensor's values are said to be in, which must lie in or below the model's folder.
fs::path external_file(const File& file, const std::string& location) {
  const fs::path folder = file.path.has_parent_path() ? file.path.parent_path() : fs::path(".");
  fs::path path = folder / location;
  if (location.empty() || !fs::is_regular_file(path)) {
    fail("its values should be in the file '{}' beside the model, which is not there", location);
  }
  const fs::path inside = fs::canonical(path).lexically_relative(fs::canonical(folder));
  bool leaves = fs::path(location).is_absolute() || inside.empty() || *inside.begin() == "..";
  for (const fs::path& part : fs::path(location)) leaves = leaves || part == "..";
  if (leaves) {
    fail("its values are in the file '{}', which is not in the model's folder and is not opened",
         location);
  }
  return path;
}

/// The `need` bytes of a tensor's values in another file.
std::string external_bytes(const File& file, const proto::Tensor& source, std::size_t need) {
  std::string location;
  std::size_t offset = 0;
  std::size_t length = need;
  for (const proto::Entry& entry : source.external_data()) {
    const std::string& text = entry.value();
    if (entry.key() == "location") location = text;
    if (entry.key() != "offset" && entry.key() != "length") continue;
    std::size_t& number = entry.key() == "offset" ? offset : length;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
      fail("its {} in another file is '{}', which is no number", entry.key(), text);
    }
  }
  const fs::path path = external_file(file, location);
  const std::size_t size = fs::file_size(path);
  if (length != need || offset > size || size - offset < need) {
    fail("its values are {} bytes at {} of the file '{}', which has {}; it needs {}", length,
         offset, location, size, need);
  }
  std::string bytes(need, '\0');
  std::ifstream data(path, std::ios::binary);
  data.seekg(static_cast<std::streamoff>(offset));
  if (!data.read(bytes.data(), static_cast<std::streamsize>(need))) {
    fail("its values in the file '{}' cannot be read", location);
  }
  return bytes;
}

template <class T>
std::string_view view(const google::protobuf::RepeatedField<T>& values) {
  return {reinterpret_cast<const char*>(values.data()),
          static_cast<std::size_t>(values.size()) * sizeof(T)};
}

/// Elements of one or two bytes, each in an integer of its own.
template <class T>
std::string narrowed(const google::protobuf::RepeatedField<std::int32_t>& values) {
  std::string bytes;
  for (const std::int32_t value : values) {
    const auto narrow = static_cast<T>(value);
    if (narrow != value) fail("its value {} is beyond its type", value);
    bytes.append(reinterpret_cast<const char*>(&narrow), sizeof(T));
  }
  return bytes;
}

/// Its elements, in the file or in `owned`, which is filled then.
std::string_view typed_bytes(const proto::Tensor& source, std::string& owned) {
  switch (static_cast<Type>(source.data_type())) {
    case Type::float32:
      return view(source.float_data());
    case Type::float64:
      return view(source.double_data());
    case Type::int32:
      return view(source.int32_data());
    case Type::int64:
      return view(source.int64_data());
    case Type::int8:
      return owned = narrowed<std::int8_t>(source.int32_data());
    case Type::int16:
      return owned = narrowed<std::int16_t>(source.int32_data());
    case Type::uint16:
    case Type::float16:
      return owned = narrowed<std::uint16_t>(source.int32_data());
    default:
      return owned = narrowed<std::uint8_t>(source.int32_data());
  }
}

Tensor read_tensor(const File& file, const proto::Tensor& source) {
  Tensor tensor{source.name(), static_cast<Type>(source.data_type()),
                Shape(source.dims().begin(), source.dims().end())};
  const auto count = static_cast<std::size_t>(element_count(tensor.shape));
  if (tensor.type == Type::text) {
    const auto& texts = source.string_data();
    if (static_cast<std::size_t>(texts.size()) != count) {
      fail("it has {} texts, for a shape of {}", texts.size(), text(tensor.shape));
    }
    tensor.texts = std::make_shared<const std::vector<std::string>>(texts.begin(), texts.end());
    return tensor;
  }
  if (size_bytes(tensor.type) == 0) {
    fail("its type {} is not supported; float32, float64, float16 and integers are",
         name(tensor.type));
  }
  const std::size_t need = count * size_bytes(tensor.type);
  auto owned = std::make_shared<std::string>();
  if (source.data_location() == 1) {
    tensor.bytes = *owned = external_bytes(file, source, need);
  } else if (source.has_raw_data()) {
    tensor.bytes = source.raw_data();
  } else {
    tensor.bytes = typed_bytes(source, *owned);
  }
  tensor.owner = std::move(owned);
  if (tensor.bytes.size() != need) {
    fail("its shape {} of {} needs {} bytes, and it has {}", text(tensor.shape), name(tensor.type),
         need, tensor.bytes.size());
  }
  return tensor;
}

}  // namespace

File open_file(const fs::path& path) {
  if (fs::file_size(path) > std::numeric_limits<int>::max()) {
    fail("it has {} bytes, and an ONNX file can have 2 GB; save its weights as external data",
         fs::file_size(path));
  }
  auto model = std::make_shared<proto::Model>();
  {
    const std::string bytes = read_bytes(path);
    if (!model->ParseFromString(bytes)) {
      fail("it is no ONNX model, or only a part of one; get it again");
    }
  }
  if (!model->has_graph()) fail("it holds no graph; it may be cut short");
  const Index opset = checked_opset(*model);
  return {path, std::move(model), opset};
}

std::vector<Value> inputs(const File& file) {
  std::set<std::string_view> constants;
  for (const proto::Tensor& each : file.model->graph().initializer()) constants.insert(each.name());
  std::vector<Value> values;
  for (const proto::Value& each : file.model->graph().input()) {
    if (!constants.contains(each.name())) values.push_back(value(each));
  }
  return values;
}

std::vector<Value> outputs(const File& file) {
  const auto& all = file.model->graph().output();
  std::vector<Value> values(static_cast<std::size_t>(all.size()));
  std::transform(all.begin(), all.end(), values.begin(), value);
  return values;
}

std::optional<std::string> metadata(const File& file, std::string_view key) {
  for (const proto::Entry& entry : file.model->metadata_props()) {
    if (entry.key() == key) return entry.value();
  }
  return std::nullopt;
}

Tensor tensor(const File& file, const proto::Tensor& source) {
  try {
    return read_tensor(file, source);
  } catch (const std::runtime_error& error) {
    fail("the constant '{}': {}", source.name(), error.what());
  }
}

}  // namespace pare::nn::onnx
