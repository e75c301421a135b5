#include <tflite_generated.h>

#include <algorithm>
#include <utility>

#include "nn/formats/tflite_graph.h"

namespace pare::nn::tflite {
namespace {

using Builder = flatbuffers::FlatBufferBuilder;

/// The member of an enum that has a name; the first if none has it.
template <class Enum, std::size_t count>
Enum named(const Enum (&members)[count], const char* (*name)(Enum), std::string_view wanted) {
  const auto* const found = std::find_if(std::begin(members), std::end(members),
                                         [&](Enum member) { return name(member) == wanted; });
  return found == std::end(members) ? members[0] : *found;
}

template <class T>
flatbuffers::Offset<flatbuffers::Vector<T>> write_unless_empty(Builder& builder,
                                                               const std::vector<T>& values) {
  if (values.empty()) return 0;
  return builder.CreateVector(values);
}

flatbuffers::Offset<schema::Tensor> write_tensor(Builder& builder, const Tensor& tensor,
                                                 std::uint32_t buffer) {
  flatbuffers::Offset<schema::QuantizationParameters> quantization;
  if (!tensor.scales.empty()) {
    const auto scales = builder.CreateVector(tensor.scales);
    const auto zero_points = write_unless_empty(builder, tensor.zero_points);
    quantization = schema::CreateQuantizationParameters(builder, 0, 0, scales, zero_points,
                                                        schema::QuantizationDetails::NONE, 0,
                                                        tensor.scaled_dimension);
  }
  const auto type = named(schema::EnumValuesTensorType(), schema::EnumNameTensorType, tensor.type);
  const auto shape = builder.CreateVector(tensor.shape);
  const auto name = builder.CreateString(tensor.name);
  flatbuffers::Offset<schema::SparsityParameters> sparsity;
  if (tensor.sparse) sparsity = schema::CreateSparsityParameters(builder);
  const auto signature = write_unless_empty(builder, tensor.signature);
  return schema::CreateTensor(builder, shape, type, buffer, name, quantization, false, sparsity,
                              signature);
}

flatbuffers::Offset<schema::Operator> write_operator(Builder& builder, const Operator& op,
                                                     std::uint32_t code) {
  const auto fused = named(schema::EnumValuesActivationFunctionType(),
                           schema::EnumNameActivationFunctionType, op.fused);
  const auto format =
      op.shuffled ? schema::WeightsFormat::SHUFFLED4x16INT8 : schema::WeightsFormat::DEFAULT;
  const auto kind =
      named(schema::EnumValuesBuiltinOptions(), schema::EnumNameBuiltinOptions, op.name);
  const auto options = [&]() -> flatbuffers::Offset<void> {
    switch (kind) {
      case schema::BuiltinOptions::FULLY_CONNECTED:
        return schema::CreateFullyConnectedOptions(builder, fused, format).Union();
      case schema::BuiltinOptions::ADD:
      case schema::BuiltinOptions::SUB:
      case schema::BuiltinOptions::MUL:
      case schema::BuiltinOptions::DIV:
        return schema::CreateFusedOptions(builder, fused).Union();
      case schema::BuiltinOptions::SOFTMAX:
        return schema::CreateSoftmaxOptions(builder, op.beta).Union();
      case schema::BuiltinOptions::LEAKY_RELU:
        return schema::CreateLeakyReluOptions(builder, op.alpha).Union();
      case schema::BuiltinOptions::GELU:
        return schema::CreateGeluOptions(builder, op.approximate).Union();
      case schema::BuiltinOptions::NONE:
        break;
    }
    return 0;
  }();
  const auto inputs = builder.CreateVector(op.inputs);
  const auto outputs = builder.CreateVector(op.outputs);
  return schema::CreateOperator(builder, code, inputs, outputs, kind, options);
}

flatbuffers::Offset<schema::Buffer> write_buffer(Builder& builder, std::string_view data) {
  constexpr std::size_t kAlignment = 16;  // as the schema has it
  builder.ForceVectorAlignment(data.size(), 1, kAlignment);
  const auto bytes =
      builder.CreateVector(reinterpret_cast<const std::uint8_t*>(data.data()), data.size());
  return schema::CreateBuffer(builder, bytes);
}

flatbuffers::Offset<schema::OperatorCode> write_code(Builder& builder, const Operator& op) {
  using schema::BuiltinOperator;
  const bool custom = op.name.starts_with(kCustom);
  const auto code =
      custom ? BuiltinOperator::CUSTOM
             : named(schema::EnumValuesBuiltinOperator(), schema::EnumNameBuiltinOperator, op.name);
  const auto old = std::min(code, BuiltinOperator::PLACEHOLDER_FOR_GREATER_OP_CODES);
  flatbuffers::Offset<flatbuffers::String> custom_code;
  if (custom) custom_code = builder.CreateString(op.name.substr(kCustom.size()));
  return schema::CreateOperatorCode(builder, static_cast<std::int8_t>(old), custom_code, op.version,
                                    code);
}

}  // namespace

std::string serialize(const Graph& graph) {
  Builder builder;
  std::vector<flatbuffers::Offset<schema::Buffer>> buffers{schema::CreateBuffer(builder)};
  std::vector<flatbuffers::Offset<schema::Tensor>> tensors;
  for (const Tensor& tensor : graph.tensors) {
    const bool constant = !tensor.data.empty();
    tensors.push_back(
        write_tensor(builder, tensor, constant ? static_cast<std::uint32_t>(buffers.size()) : 0));
    if (constant) buffers.push_back(write_buffer(builder, tensor.data));
  }
  std::vector<std::pair<std::string, std::int32_t>> known;
  std::vector<flatbuffers::Offset<schema::OperatorCode>> codes;
  std::vector<flatbuffers::Offset<schema::Operator>> operators;
  for (const Operator& op : graph.operators) {
    const std::pair code(op.name, op.version);
    const auto found = std::find(known.begin(), known.end(), code);
    const auto index = static_cast<std::uint32_t>(found - known.begin());
    if (found == known.end()) {
      codes.push_back(write_code(builder, op));
      known.push_back(code);
    }
    operators.push_back(write_operator(builder, op, index));
  }
  // One by one: the order of a call's arguments, and so of the bytes, is the compiler's.
  const auto all_tensors = builder.CreateVector(tensors);
  const auto inputs = builder.CreateVector(graph.inputs);
  const auto outputs = builder.CreateVector(graph.outputs);
  const auto all_operators = builder.CreateVector(operators);
  const auto subgraph =
      schema::CreateSubGraph(builder, all_tensors, inputs, outputs, all_operators);
  const auto all_codes = builder.CreateVector(codes);
  const auto subgraphs = builder.CreateVector(&subgraph, 1);
  const auto description = builder.CreateString("written by pare");
  const auto all_buffers = builder.CreateVector(buffers);
  schema::FinishModelBuffer(builder, schema::CreateModel(builder, kSchemaVersion, all_codes,
                                                         subgraphs, description, all_buffers));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

}  // namespace pare::nn::tflite
