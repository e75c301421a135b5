#pragma once

#include <math.h>

#include "dense_float32.h"

namespace pare {

enum class FloatActivation : uint8_t { none, tanh, sigmoid };

/// One float32 dense layer, and a function of its outputs: what every layer of a model is that has
/// tanh or sigmoid in it. Models without them do not carry the C library's functions.
struct ActivatedFloat32 {
  using Value = float;
  DenseFloat32 dense;
  FloatActivation activation;
};

inline int32_t output_count(const ActivatedFloat32& layer) { return layer.dense.outputs; }

PARE_OPTIMIZE_SPEED

/// The dense layer, then outputs[r] = tanh(outputs[r]), or 1 / (1 + exp(-outputs[r])).
inline void dense(const ActivatedFloat32& layer, const float* inputs, float* outputs) {
  dense(layer.dense, inputs, outputs);
  if (layer.activation == FloatActivation::none) return;
  const bool is_tanh = layer.activation == FloatActivation::tanh;
  for (const float* const end = outputs + layer.dense.outputs; outputs != end; ++outputs) {
    *outputs = is_tanh ? tanhf(*outputs) : 1.0f / (1.0f + expf(-*outputs));
  }
}

PARE_OPTIMIZE_END

}  // namespace pare
