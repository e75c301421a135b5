#pragma once

#include <doctest/doctest.h>
#include <onnx.pb.h>

#include <string>
#include <variant>
#include <vector>

#include "nn/formats/format.h"
#include "nn/formats/onnx_tensor.h"
#include "tests/helpers.h"

namespace pare::nn {
extern const ModelFormat kOnnx;
}

namespace pare::tests {

namespace proto = nn::onnx::proto;

/// An ONNX file that a test builds node by node.
class OnnxGraph {
 public:
  using Extent = std::variant<int, std::string>;  ///< a number, or the name of an unknown one

  explicit OnnxGraph(int opset = 13) {
    file.set_ir_version(8);
    proto::OperatorSet& set = *file.add_opset_import();
    set.set_domain("");
    set.set_version(opset);
  }

  void input(const std::string& name, const std::vector<Extent>& shape,
             nn::onnx::Type type = nn::onnx::Type::float32) {
    describe(*file.mutable_graph()->add_input(), name, shape, type);
  }

  void output(const std::string& name, const std::vector<Extent>& shape = {},
              nn::onnx::Type type = nn::onnx::Type::float32) {
    describe(*file.mutable_graph()->add_output(), name, shape, type);
  }

  /// An initializer; gives its name.
  template <class T = float>
  std::string constant(const std::string& name, const std::vector<int>& shape,
                       const std::vector<T>& values,
                       nn::onnx::Type type = nn::onnx::Type::float32) {
    proto::Tensor& tensor = *file.mutable_graph()->add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(static_cast<int>(type));
    for (const int extent : shape) tensor.add_dims(extent);
    tensor.set_raw_data(values.data(), values.size() * sizeof(T));
    return name;
  }

  std::string scalar(const std::string& name, float value) { return constant(name, {}, {value}); }

  /// A node without a name that gives `output`; gives that.
  std::string node(const std::string& op, const std::vector<std::string>& inputs,
                   const std::string& output) {
    proto::Node& node = *file.mutable_graph()->add_node();
    const std::size_t dot = op.rfind('.');
    node.set_op_type(dot == std::string::npos ? op : op.substr(dot + 1));
    if (dot != std::string::npos) node.set_domain(op.substr(0, dot));
    for (const std::string& input : inputs) node.add_input(input);
    node.add_output(output);
    return output;
  }

  proto::Node& last() { return *file.mutable_graph()->mutable_node(file.graph().node_size() - 1); }

  proto::Attribute& attribute(const std::string& name, int type) {
    proto::Attribute& attribute = *last().add_attribute();
    attribute.set_name(name);
    attribute.set_type(type);
    return attribute;
  }
  void set(const std::string& name, float value) { attribute(name, 1).set_f(value); }
  void set(const std::string& name, int value) { attribute(name, 2).set_i(value); }
  void set(const std::string& name, const char* value) { attribute(name, 3).set_s(value); }
  void set(const std::string& name, const std::vector<float>& values) {
    *attribute(name, 6).mutable_floats() = {values.begin(), values.end()};
  }
  void set(const std::string& name, const std::vector<int>& values) {
    *attribute(name, 7).mutable_ints() = {values.begin(), values.end()};
  }
  void set(const std::string& name, const std::vector<std::string>& values) {
    *attribute(name, 8).mutable_strings() = {values.begin(), values.end()};
  }

  std::string bytes() const { return file.SerializeAsString(); }

  proto::Model file;

 private:
  static void describe(proto::Value& value, const std::string& name,
                       const std::vector<Extent>& shape, nn::onnx::Type type) {
    value.set_name(name);
    proto::TensorType& tensor = *value.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(static_cast<int>(type));
    for (const Extent& extent : shape) {
      proto::Dimension& dimension = *tensor.mutable_shape()->add_dim();
      if (const int* number = std::get_if<int>(&extent)) dimension.set_dim_value(*number);
      if (const auto* unknown = std::get_if<std::string>(&extent)) {
        dimension.set_dim_param(*unknown);
      }
    }
  }
};

inline nn::ReadModel read_onnx(const std::string& bytes, const nn::ReadOptions& options = {}) {
  static const Folder folder;  // one for all, as some tests read thousands
  nn::ReadModel read = nn::kOnnx.read(folder.write("m.onnx", bytes), options);
  check(read.model);
  return read;
}

/// What is said of a file that is refused; empty if it is read.
inline std::string onnx_error(const std::string& bytes, const nn::ReadOptions& options = {}) {
  try {
    read_onnx(bytes, options);
  } catch (const std::runtime_error& error) {
    return error.what();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

}  // namespace pare::tests
