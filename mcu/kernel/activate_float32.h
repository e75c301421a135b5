#pragma once

#include <math.h>
#include <stdint.h>

#include "optimize.h"

namespace pare {

enum class FloatActivation : uint8_t { tanh, sigmoid };

PARE_OPTIMIZE_SPEED

/// values[i] = tanh(values[i]), or 1 / (1 + exp(-values[i])), over `count` values.
inline void activate(FloatActivation activation, float* values, int32_t count) {
  for (float* const end = values + count; values != end; ++values) {
    *values = activation == FloatActivation::tanh ? tanhf(*values) : 1.0f / (1.0f + expf(-*values));
  }
}

PARE_OPTIMIZE_END

}  // namespace pare
