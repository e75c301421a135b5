#pragma once

/// A dense int8 layer by CMSIS-NN, called directly, for `./pare bench kernels --cmsis-nn DIR`.
#include <arm_nnfunctions.h>

namespace cmsis_nn {

/// Weights [outputs, inputs] with one scale. `shift` is TFLite's: above 0 to the left.
struct Layer {
  const int8_t* weights;
  const int32_t* biases;
  int32_t inputs;
  int32_t outputs;
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t least;
  int32_t multiplier;
  int32_t shift;
};

static inline void dense(const Layer& layer, const int8_t* from, int8_t* to) {
  const cmsis_nn_context context = {nullptr, 0};
  const cmsis_nn_fc_params parameters = {
      -layer.input_zero_point, 0, layer.output_zero_point, {layer.least, 127}};
  const cmsis_nn_per_tensor_quant_params factor = {layer.multiplier, layer.shift};
  const cmsis_nn_dims input = {1, 1, 1, layer.inputs};
  const cmsis_nn_dims filter = {layer.inputs, 1, 1, layer.outputs};
  const cmsis_nn_dims output = {1, 1, 1, layer.outputs};
  arm_fully_connected_s8(&context, &parameters, &factor, &input, from, &filter, layer.weights,
                         &output, layer.biases, &output, to);
}

}  // namespace cmsis_nn
