#pragma once

#include <stdint.h>

#include "optimize.h"

namespace pare {

/// One float32 dense layer as it lies in flash.
struct DenseFloat32 {
  const float* weights;  ///< [outputs][inputs]
  const float* bias;     ///< [outputs]
  uint16_t inputs;
  uint16_t outputs;
  uint8_t relu;  ///< 1 or 0
};

PARE_OPTIMIZE_SPEED

/// outputs[r] = bias[r] + sum_i weights[r][i] * inputs[i], at least 0 after ReLU.
/// Reads `inputs` values, writes `outputs`; they must not overlap.
inline void dense(const DenseFloat32& layer, const float* inputs, float* outputs) {
  const float* weights = layer.weights;
  for (const float *bias = layer.bias, *end = bias + layer.outputs; bias != end; ++bias) {
    float sum = *bias;
    for (const float* in = inputs, *in_end = inputs + layer.inputs; in != in_end; ++in) {
      sum += *weights++ * *in;
    }
    *outputs++ = layer.relu && sum < 0 ? 0 : sum;
  }
}

PARE_OPTIMIZE_END

}  // namespace pare
