#pragma once

#include <math.h>
#include <stdint.h>

#include "optimize.h"

namespace pare {

PARE_OPTIMIZE_SPEED

/// values[i] = function(values[i]), over `count` values.
template <class Function>
inline void activate(Function function, float* values, int32_t count) {
  for (float* const end = values + count; values != end; ++values) *values = function(*values);
}

PARE_OPTIMIZE_END

}  // namespace pare
