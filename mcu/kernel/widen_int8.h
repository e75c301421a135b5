#pragma once

#include <stdint.h>

#include "optimize.h"

namespace pare {

PARE_OPTIMIZE_SPEED

/// outputs[i] = inputs[i] - zero_point, over `count` values: the form in which the layers of an
/// int8 model read their inputs, so that none of them widens anything in its loop.
inline void widen(const int8_t* inputs, int16_t* outputs, int32_t count, int32_t zero_point) {
  for (const int8_t* const end = inputs + count; inputs != end;) {
    *outputs++ = int16_t(*inputs++ - zero_point);
  }
}

PARE_OPTIMIZE_END

}  // namespace pare
