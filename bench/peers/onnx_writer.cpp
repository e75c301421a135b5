#include "bench/peers/onnx_writer.h"

#include <fmt/format.h>

#include <bit>
#include <initializer_list>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

namespace pare::bench {
namespace {

constexpr int kIrVersion = 8;
constexpr int kOpset = 13;

/// onnx.TensorProto.DataType
enum class Type : std::uint8_t { float32 = 1, uint8 = 2, int8 = 3, int32 = 6 };

/// A message of Protocol Buffers, field after field.
class Message {
 public:
  Message& add(unsigned field, std::uint64_t number) {
    put(field << 3U);
    put(number);
    return *this;
  }
  Message& add(unsigned field, std::string_view bytes) {
    put(field << 3U | 2U);
    put(bytes.size());
    bytes_ += bytes;
    return *this;
  }
  Message& add(unsigned field, const Message& message) { return add(field, message.bytes_); }

  const std::string& bytes() const { return bytes_; }

 private:
  void put(std::uint64_t number) {
    for (; number >= 0x80; number >>= 7U) bytes_ += static_cast<char>(number | 0x80U);
    bytes_ += static_cast<char>(number);
  }

  std::string bytes_;
};

Message value_info(std::string_view name, nn::Index columns) {
  const Message rows = Message().add(2, "N");
  const Message shape =
      Message().add(1, rows).add(1, Message().add(1, static_cast<std::uint64_t>(columns)));
  const Message tensor = Message().add(1, static_cast<std::uint64_t>(Type::float32)).add(2, shape);
  return Message().add(1, name).add(2, Message().add(1, tensor));
}

class Graph {
 public:
  /// Adds a node with one output, whose name it gives.
  std::string node(std::string_view op, std::initializer_list<std::string> inputs,
                   const std::vector<std::pair<std::string_view, int>>& attributes = {},
                   std::string output = {}) {
    if (output.empty()) output = fmt::format("v{}", ++names_);
    Message node;
    for (const std::string& input : inputs) node.add(1, input);
    node.add(2, output).add(4, op);
    for (const auto& [name, value] : attributes) {
      constexpr std::uint64_t kInt = 2;
      node.add(5, Message().add(1, name).add(3, static_cast<std::uint64_t>(value)).add(20, kInt));
    }
    graph_.add(1, node);
    return output;
  }

  /// Adds a constant; one without dimensions is a scalar.
  template <class Values>
  std::string constant(Type type, const std::vector<nn::Index>& dimensions, const Values& values) {
    static_assert(std::endian::native == std::endian::little);
    std::string name = fmt::format("c{}", ++names_);
    Message tensor;
    for (const nn::Index size : dimensions) tensor.add(1, static_cast<std::uint64_t>(size));
    tensor.add(2, static_cast<std::uint64_t>(type)).add(8, name);
    tensor.add(9, std::string_view(reinterpret_cast<const char*>(values.data()),
                                   static_cast<std::size_t>(values.size()) * sizeof(values(0))));
    graph_.add(5, tensor);
    return name;
  }

  /// The file, with the graph's ends of that many columns.
  std::string file(nn::Index inputs, nn::Index outputs) {
    graph_.add(2, "pare").add(11, value_info("inputs", inputs));
    graph_.add(12, value_info("outputs", outputs));
    return Message().add(1, kIrVersion).add(7, graph_).add(8, Message().add(2, kOpset)).bytes();
  }

 private:
  Message graph_;
  int names_ = 0;
};

/// Of one scale, or of one for each row.
std::vector<nn::Index> dimensions_of(const nn::Vector& scales) {
  if (scales.size() == 1) return {};
  return {scales.size()};
}

struct Writer {
  Graph graph;
  std::string values = "inputs";  ///< what the next layer takes
  std::size_t layers_left;

  std::string name_of_output() const { return layers_left == 0 ? "outputs" : ""; }

  /// To the integers of `quantization`, as uint8, and back.
  void round(const nn::Quantization& quantization) {
    const std::string scale = graph.constant(Type::float32, {}, nn::Vector{{quantization.scale}});
    const Eigen::Matrix<std::uint8_t, 1, 1> shifted(
        static_cast<std::uint8_t>(quantization.zero_point + 128));
    const std::string zero = graph.constant(Type::uint8, {}, shifted);
    values = graph.node("QuantizeLinear", {values, scale, zero});
    values = graph.node("DequantizeLinear", {values, scale, zero}, {}, name_of_output());
  }

  std::string dequantized(const std::string& integers, const nn::Vector& scales) {
    const std::string reals = graph.constant(Type::float32, dimensions_of(scales), scales);
    return graph.node("DequantizeLinear", {integers, reals}, {{"axis", 0}});
  }

  void operator()(const nn::DenseLayer& layer) {
    --layers_left;
    const bool relu = layer.activation == nn::Activation::relu;
    const std::string weights =
        graph.constant(Type::float32, {layer.weights.rows(), layer.weights.cols()}, layer.weights);
    const std::string bias = graph.constant(Type::float32, {layer.bias.size()}, layer.bias);
    values =
        graph.node("Gemm", {values, weights, bias}, {{"transB", 1}}, relu ? "" : name_of_output());
    if (relu) values = graph.node("Relu", {values}, {}, name_of_output());
  }

  void operator()(const nn::Int8Layer& layer) {
    --layers_left;
    const nn::Vector bias_scales = layer.weight_scales * layer.input.scale;
    const std::string weights = dequantized(
        graph.constant(Type::int8, {layer.weights.rows(), layer.weights.cols()}, layer.weights),
        layer.weight_scales);
    const std::string bias =
        dequantized(graph.constant(Type::int32, {layer.bias.size()}, layer.bias), bias_scales);
    values = graph.node("Gemm", {values, weights, bias}, {{"transB", 1}});
    // Above its zero point, where that is the least integer, saturation is ReLU already.
    const bool saturates = layer.output.zero_point == -128;
    if (layer.activation == nn::Activation::relu && !saturates)
      values = graph.node("Relu", {values});
    round(layer.output);
  }
};

}  // namespace

std::string onnx_bytes(const nn::Model& model) {
  Writer writer{{}, "inputs", model.layers.size()};
  if (nn::arithmetic(model) == nn::Arithmetic::int8) {
    writer.round(std::get<nn::Int8Layer>(model.layers[0]).input);
  }
  for (const nn::Layer& layer : model.layers) {
    std::visit(
        [&](const auto& any) {
          if (any.activation != nn::Activation::relu &&
              any.activation != nn::Activation::identity) {
            throw std::invalid_argument("[onnx_bytes] only ReLU or no activation can be written");
          }
          writer(any);
        },
        layer);
  }
  return writer.graph.file(nn::input_count(model), nn::output_count(model));
}

}  // namespace pare::bench
