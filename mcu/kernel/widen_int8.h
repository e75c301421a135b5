#pragma once

#include "dsp.h"

namespace pare {

/// outputs[i] = inputs[i] - zero_point, over `count` values: the form in which the layers of an
/// int8 model read their inputs, so that none of them widens anything in its loop.
inline void widen(const int8_t* inputs, int16_t* outputs, int32_t count, int32_t zero_point) {
  for (const int8_t* const end = inputs + count; inputs != end;) {
    *outputs++ = int16_t(*inputs++ - zero_point);
  }
}

/// The same over kCount values.
template <int kCount, int kZeroPoint>
inline void widen(const int8_t* inputs, int16_t* outputs) {
#if PARE_CORTEX_M4
  const int32_t offset = pack_halves(-kZeroPoint, -kZeroPoint);
  for (const int8_t* const end = inputs + kCount / 4 * 4; inputs != end; inputs += 4) {
    int32_t bytes;
    __builtin_memcpy(&bytes, inputs, 4);
    const int32_t even = sxtab16(offset, bytes);
    const int32_t odd = sxtab16_odd(offset, bytes);
    const int32_t words[] = {pack_halves(even, odd), pack_upper_halves(even, odd)};
    __builtin_memcpy(outputs, words, 8);
    outputs += 4;
  }
  widen(inputs, outputs, kCount % 4, kZeroPoint);
#else
  widen(inputs, outputs, kCount, kZeroPoint);
#endif
}

}  // namespace pare
