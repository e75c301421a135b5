#include "nn/forward.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "nn/activation.h"
#include "nn/ends.h"
#include "nn/product.h"
#include "nn/quantization.h"

namespace pare::nn {

Matrix forward(const DenseLayer& layer, const Matrix& inputs) {
  Matrix outputs = product(inputs, layer.weights.transpose(), layer.bias);
  activate(layer.activation, outputs);
  return outputs;
}

Matrix forward(const Model& model, const Matrix& inputs) {
  if (arithmetic(model) == Arithmetic::int8) {
    const Int8Matrix outputs = forward_int8(model, quantized_inputs(model, inputs));
    return real_outputs(model.outputs, dequantize(outputs, output_quantization(model)));
  }
  Matrix values = seen_inputs(model.inputs, inputs);
  for (const Layer& layer : model.layers) values = forward(std::get<DenseLayer>(layer), values);
  return real_outputs(model.outputs, std::move(values));
}

Int8Matrix forward_int8(const Int8Layer& layer, const Int8Matrix& inputs) {
  const std::int32_t least = layer.activation == Activation::relu ? layer.output.zero_point : -128;
  Int8Matrix outputs(inputs.rows(), layer.weights.rows());
  for (Index row = 0; row < layer.weights.rows(); ++row) {
    const FixedPointMultiplier factor = row_multiplier(layer, row);
    for (Index sample = 0; sample < inputs.rows(); ++sample) {
      std::int32_t accumulator = layer.bias[row];
      for (Index i = 0; i < inputs.cols(); ++i) {
        accumulator += layer.weights(row, i) * (inputs(sample, i) - layer.input.zero_point);
      }
      const std::int32_t y = requantize(accumulator, factor) + requantized(layer).zero_point;
      outputs(sample, row) = static_cast<std::int8_t>(std::clamp(y, least, 127));
    }
  }
  if (has_table(layer.activation)) {
    const auto table = make_table(layer);
    for (std::int8_t& y : outputs.reshaped()) y = table[static_cast<std::size_t>(y + 128)];
  }
  return outputs;
}

Int8Matrix forward_int8(const Model& model, Int8Matrix inputs) {
  if (arithmetic(model) != Arithmetic::int8) {
    throw std::invalid_argument("forward_int8 needs an int8 model");
  }
  for (const Layer& layer : model.layers) {
    inputs = forward_int8(std::get<Int8Layer>(layer), inputs);
  }
  return inputs;
}

const Quantization& input_quantization(const Model& model) {
  return std::get<Int8Layer>(model.layers.front()).input;
}

const Quantization& output_quantization(const Model& model) {
  return std::get<Int8Layer>(model.layers.back()).output;
}

}  // namespace pare::nn
