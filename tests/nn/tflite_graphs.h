#pragma once

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "nn/formats/format.h"
#include "nn/formats/tflite_graph.h"
#include "tests/helpers.h"

namespace pare::tests {

/// A TFLite graph that is put together by hand.
class GraphBuilder {
 public:
  using Indices = std::vector<std::int32_t>;

  std::int32_t tensor(const std::string& name, Indices shape,
                      std::string_view type = nn::tflite::kFloat32) {
    graph.tensors.push_back({name, std::move(shape), type});
    return static_cast<std::int32_t>(graph.tensors.size()) - 1;
  }

  /// A computed tensor of int8 or uint8.
  std::int32_t tensor(const std::string& name, Indices shape, std::string_view type, float scale,
                      std::int64_t zero_point) {
    const std::int32_t index = tensor(name, std::move(shape), type);
    scale_tensor(index, {scale}, zero_point);
    return index;
  }

  template <class T>
  std::int32_t constant(const std::string& name, Indices shape, const std::vector<T>& values,
                        std::string_view type = nn::tflite::kFloat32) {
    data_.emplace_back(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
    const std::int32_t index = tensor(name, std::move(shape), type);
    at(index).data = data_.back();
    return index;
  }

  void scale_tensor(std::int32_t index, std::vector<float> scales, std::int64_t zero_point = 0) {
    at(index).zero_points.assign(scales.size(), zero_point);
    at(index).scales = std::move(scales);
  }

  /// An operator; gives it for its options.
  nn::tflite::Operator& op(const std::string& name, Indices inputs, std::int32_t output) {
    graph.operators.push_back({name, 1, std::move(inputs), {output}});
    return graph.operators.back();
  }

  nn::tflite::Tensor& at(std::int32_t index) {
    return graph.tensors[static_cast<std::size_t>(index)];
  }

  nn::ReadModel read(const std::string& output = "") const {
    const Folder folder;
    return nn::read_model(folder.write("m.tflite", nn::tflite::serialize(graph)), {output});
  }

  /// The message of the error, without the file's name.
  std::string error(const std::string& output = "") const {
    try {
      read(output);
    } catch (const std::runtime_error& error) {
      const std::string message = error.what();
      return message.substr(message.find(".tflite: ") + std::string(".tflite: ").size());
    }
    return "it was read";
  }

  nn::tflite::Graph graph;

 private:
  std::deque<std::string> data_;
};

/// y = relu(W x + b) of two inputs and three outputs, then of those two outputs v y: operators 0
/// 'hidden' and 1 'output'.
inline GraphBuilder two_layers() {
  GraphBuilder builder;
  const auto input = builder.tensor("input", {1, 2});
  const auto weights = builder.constant<float>("w", {3, 2}, {1, 2, -3, 4, 5, -6});
  const auto bias = builder.constant<float>("b", {3}, {1, 2, 3});
  const auto hidden = builder.tensor("hidden", {1, 3});
  const auto last = builder.constant<float>("v", {2, 3}, {1, 0, 0.5F, -1, 2, 0});
  const auto output = builder.tensor("output", {1, 2});
  builder.op("FULLY_CONNECTED", {input, weights, bias}, hidden).fused = "RELU";
  builder.op("FULLY_CONNECTED", {hidden, last}, output);
  builder.graph.inputs = {input};
  builder.graph.outputs = {output};
  return builder;
}

/// An int8 layer of two inputs of scale 0.5, and two outputs of scale 0.25 and zero point 3.
inline GraphBuilder int8_layer() {
  using namespace nn::tflite;
  GraphBuilder builder;
  const auto input = builder.tensor("input", {1, 2}, kInt8, 0.5F, -1);
  const auto weights = builder.constant<std::int8_t>("w", {2, 2}, {1, -2, 127, -127}, kInt8);
  builder.scale_tensor(weights, {0.125F});
  const auto bias = builder.constant<std::int32_t>("b", {2}, {10, -20}, kInt32);
  builder.scale_tensor(bias, {0.0625F});
  const auto output = builder.tensor("output", {1, 2}, kInt8, 0.25F, 3);
  auto& op = builder.op("FULLY_CONNECTED", {input, weights, bias}, output);
  op.version = 4;
  builder.graph.inputs = {input};
  builder.graph.outputs = {output};
  return builder;
}

/// One more operator behind the last one, on `constants` too.
inline nn::tflite::Operator& append(GraphBuilder& builder, const std::string& name,
                                    GraphBuilder::Indices constants = {}) {
  const nn::tflite::Tensor last = builder.at(builder.graph.outputs[0]);
  const auto output = builder.tensor("appended", last.shape, last.type);
  constants.insert(constants.begin(), builder.graph.outputs[0]);
  builder.graph.outputs[0] = output;
  return builder.op(name, std::move(constants), output);
}

/// An operator on a constant before the first one.
inline nn::tflite::Operator& prepend(GraphBuilder& builder, const std::string& name,
                                     const GraphBuilder::Indices& shape,
                                     const std::vector<float>& values) {
  auto& operators = builder.graph.operators;
  const auto input = builder.graph.inputs[0];
  const auto scaled = builder.tensor("scaled", builder.at(input).shape);
  const auto constant = builder.constant("c", shape, values);
  operators.front().inputs[0] = scaled;
  builder.op(name, {input, constant}, scaled);
  std::rotate(operators.begin(), operators.end() - 1, operators.end());
  return operators.front();
}

}  // namespace pare::tests
