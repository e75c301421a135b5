// The writer of ONNX files. Source: onnx/onnx, docs/Operators.md, opset 13.
#include "nn/formats/onnx_write.h"

#include <fmt/format.h>
#include <onnx.pb.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "nn/activation.h"
#include "nn/formats/onnx_tensor.h"
#include "nn/formats/operations.h"
#include "nn/json_text.h"

namespace pare::nn::onnx {
namespace {

using Names = std::vector<std::string>;

constexpr std::int64_t kIrVersion = 7;  // that of opset 13
constexpr std::int64_t kOpset = 13;

/// Builds a chain of nodes. Each is given a name, which is also that of what it gives.
class ChainWriter {
 public:
  explicit ChainWriter(proto::Graph& graph) : graph_(graph) {}

  /// The last node's output, which the next one reads.
  const std::string& value() const { return value_; }

  proto::Node& node(const std::string& name, const std::string& op, const Names& inputs) {
    proto::Node& node = *graph_.add_node();
    node.set_name(name);
    node.set_op_type(op);
    for (const std::string& input : inputs) node.add_input(input);
    node.add_output(name);
    value_ = name;
    return node;
  }

  /// A constant of a row-major Eigen object, or one with another shape; gives its name.
  template <class Values>
  std::string constant(const std::string& name, Type type, const Shape& shape,
                       const Values& values) {
    proto::Tensor& tensor = *graph_.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(static_cast<std::int32_t>(type));
    for (const Index extent : shape) tensor.add_dims(extent);
    tensor.set_raw_data(values.data(),
                        static_cast<std::size_t>(values.size()) * sizeof(typename Values::Scalar));
    return name;
  }

  std::string scalar(const std::string& name, float value) {
    return constant(name, Type::float32, {}, RowVector::Constant(1, value).eval());
  }

  /// The output of the last node is the graph's.
  void finish(const std::string& output) {
    graph_.mutable_node(graph_.node_size() - 1)->set_output(0, output);
  }

 private:
  proto::Graph& graph_;
  std::string value_ = "input";
};

void set(proto::Node& node, const char* name, Index value) {
  proto::Attribute& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_i(value);
  attribute.set_type(2);
}

void set(proto::Node& node, const char* name, float value) {
  proto::Attribute& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_f(value);
  attribute.set_type(1);
}

void write(ChainWriter& chain, const std::string& name, const DenseOperation& dense) {
  const Names inputs{
      chain.value(),
      chain.constant(name + "_weights", Type::float32, {dense.weights.rows(), dense.weights.cols()},
                     dense.weights),
      chain.constant(name + "_bias", Type::float32, {dense.bias.size()}, dense.bias)};
  set(chain.node(name, "Gemm", inputs), "transB", Index{1});
}

/// As Sub if it only adds: what stands in front of a network is there to be subtracted.
void write(ChainWriter& chain, const std::string& name, const ElementwiseOperation& elementwise) {
  const auto constant = [&](const char* what, const Eigen::RowVectorXd& values) {
    return chain.constant(name + what, Type::float32, {values.size()}, values.cast<float>().eval());
  };
  const bool scales = (elementwise.factor.array() != 1).any();
  const bool shifts = (elementwise.offset.array() != 0).any();
  if (!scales) {
    chain.node(name, "Sub", {chain.value(), constant("_values", -elementwise.offset)});
  } else {
    chain.node(shifts ? name + "_product" : name, "Mul",
               {chain.value(), constant("_factor", elementwise.factor)});
    if (!shifts) return;
    chain.node(name, "Add", {chain.value(), constant("_offset", elementwise.offset)});
  }
}

/// gelu and silu are no operators of opset 13.
void write(ChainWriter& chain, const std::string& name, const ActivationOperation& operation) {
  const Activation activation = operation.activation;
  const ActivationInfo& info = activation.function().info;
  const std::string x = chain.value();
  if (activation == Activation::relu6) {
    chain.node(name, "Clip", {x, chain.scalar(name + "_low", 0), chain.scalar(name + "_high", 6)});
  } else if (info.name == "gelu") {
    chain.node(name + "_scaled", "Div", {x, chain.scalar(name + "_root", 1.41421356F)});
    chain.node(name + "_erf", "Erf", {chain.value()});
    chain.node(name + "_sum", "Add", {chain.value(), chain.scalar(name + "_one", 1)});
    chain.node(name + "_product", "Mul", {x, chain.value()});
    chain.node(name, "Mul", {chain.value(), chain.scalar(name + "_half", 0.5F)});
  } else if (info.name == "silu") {
    chain.node(name + "_sigmoid", "Sigmoid", {x});
    chain.node(name, "Mul", {x, chain.value()});
  } else if (info.onnx.empty()) {
    throw std::invalid_argument(fmt::format("{} has no operator in ONNX", info.name));
  } else {
    proto::Node& node = chain.node(name, std::string(info.onnx), {x});
    if (info.alpha) set(node, "alpha", activation.alpha);
  }
}

void write(ChainWriter& chain, const std::string& name, const SoftmaxOperation& softmax) {
  set(chain.node(name, softmax.logarithm ? "LogSoftmax" : "Softmax", {chain.value()}), "axis",
      Index{-1});
}

void write(ChainWriter& chain, const Operation& operation) {
  std::visit([&](const auto& what) { write(chain, operation.place, what); }, operation.what);
}

/// Names of a scale and a zero point for a node that quantizes or dequantizes.
Names grid(ChainWriter& chain, const std::string& name, const Quantization& quantization) {
  using Int8 = Eigen::Matrix<std::int8_t, 1, 1>;
  const auto zero_point = static_cast<std::int8_t>(quantization.zero_point);
  return {chain.scalar(name + "_scale", quantization.scale),
          chain.constant(name + "_zero_point", Type::int8, {}, Int8::Constant(zero_point).eval())};
}

/// To integers and back to the reals that these stand for.
void write_quantized(ChainWriter& chain, const std::string& name, const Quantization& to) {
  const Names scale = grid(chain, name, to);
  chain.node(name + "_quantized", "QuantizeLinear", {chain.value(), scale[0], scale[1]});
  chain.node(name, "DequantizeLinear", {chain.value(), scale[0], scale[1]});
}

/// The reals that constant integers stand for, with a scale for all or for each row.
template <class Integers>
std::string write_dequantized(ChainWriter& chain, const std::string& name, Type type,
                              const Shape& shape, const Integers& integers, const Vector& scales) {
  using T = typename Integers::Scalar;
  const Shape scale_shape = scales.size() == 1 ? Shape{} : Shape{scales.size()};
  proto::Node& node =
      chain.node(name, "DequantizeLinear",
                 {chain.constant(name + "_integers", type, shape, integers),
                  chain.constant(name + "_scale", Type::float32, scale_shape, scales),
                  chain.constant(name + "_zero_point", type, scale_shape,
                                 Eigen::Matrix<T, Eigen::Dynamic, 1>::Zero(scales.size()).eval())});
  if (scales.size() > 1) set(node, "axis", Index{0});
  return name;
}

void write_layer(ChainWriter& chain, const std::string& name, const Int8Layer& layer) {
  const std::string x = chain.value();
  const Names inputs{x,
                     write_dequantized(chain, name + "_weights", Type::int8,
                                       {layer.weights.rows(), layer.weights.cols()}, layer.weights,
                                       layer.weight_scales),
                     write_dequantized(chain, name + "_bias", Type::int32, {layer.bias.size()},
                                       layer.bias, layer.input.scale * layer.weight_scales)};
  set(chain.node(name, "Gemm", inputs), "transB", Index{1});
  if (has_table(layer.activation)) {
    write_quantized(chain, name + "_pre_activation", layer.pre_activation);
  }
  if (layer.activation != Activation::identity) {
    write(chain, name + "_activation", ActivationOperation{layer.activation});
  }
  write_quantized(chain, name + "_output", layer.output);
}

void write_int8(ChainWriter& chain, const Model& model) {
  const DenseLayer all{Matrix::Zero(output_count(model), input_count(model)),
                       Vector::Zero(output_count(model))};
  for (const Operation& operation : unfold({{all}, model.inputs, model.outputs})) {
    if (!std::holds_alternative<DenseOperation>(operation.what)) {
      write(chain, operation);
      continue;
    }
    write_quantized(chain, "input_int8", std::get<Int8Layer>(model.layers.front()).input);
    for (std::size_t i = 0; i < model.layers.size(); ++i) {
      write_layer(chain, fmt::format("layer{}", i), std::get<Int8Layer>(model.layers[i]));
    }
  }
}

void write_value(proto::Value& value, const std::string& name, Index features) {
  value.set_name(name);
  proto::TensorType& tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(static_cast<std::int32_t>(Type::float32));
  tensor.mutable_shape()->add_dim()->set_dim_param("batch");
  tensor.mutable_shape()->add_dim()->set_dim_value(features);
}

void write_metadata(proto::Model& file, const Model& model) {
  const auto add = [&](const char* key, const nlohmann::json& value) {
    proto::Entry& entry = *file.add_metadata_props();
    entry.set_key(key);
    entry.set_value(json_text(value));
  };
  if (!model.outputs.names.empty()) add(kClassNames, model.outputs.names);
  if (!model.inputs.names.empty()) add(kFeatureNames, model.inputs.names);
  if (model.outputs.meaning == Meaning::logits) add(kMeaning, name(model.outputs.meaning));
  Names rounding;
  for (const Layer& layer : model.layers) {
    if (const auto* int8 = std::get_if<Int8Layer>(&layer)) {
      rounding.emplace_back(name(int8->requantizing));
    }
  }
  if (!rounding.empty()) add(kRequantizing, rounding);
}

}  // namespace

std::string write(const Model& model, std::vector<std::string>& losses) {
  proto::Model head;
  head.set_ir_version(kIrVersion);
  head.set_producer_name("pare");
  write_metadata(head, model);
  proto::Model body;
  proto::Graph& graph = *body.mutable_graph();
  graph.set_name("model");
  write_value(*graph.add_input(), "input", input_count(model));
  write_value(*graph.add_output(), "output", output_count(model));
  ChainWriter chain(graph);
  if (arithmetic(model) == Arithmetic::int8) {
    write_int8(chain, model);
    losses.emplace_back(
        "ONNX runtimes round inputs and sums to 8 bits in float32, half to even: outputs may be "
        "some steps away");
  } else {
    for (const Operation& operation : unfold(model)) write(chain, operation);
  }
  chain.finish("output");
  proto::OperatorSet& opset = *body.add_opset_import();
  opset.set_domain("");
  opset.set_version(kOpset);
  if (body.ByteSizeLong() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw std::invalid_argument("it is larger than the 2 GB that an ONNX file can have");
  }
  // The metadata in front and the opset last: a file that is cut short is none.
  return head.SerializeAsString() + body.SerializeAsString();
}

}  // namespace pare::nn::onnx
