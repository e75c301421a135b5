#pragma once

#include <stdint.h>

#include "optimize.h"

namespace pare {

/// An activation of int8 layers that is looked up, such as tanh.
struct TableInt8 {
  const int8_t* table;  ///< [256], the outputs for the requantized sums -128 to 127
  int16_t from;         ///< the zero point of what goes in
  int16_t to;           ///< the zero point of what comes out
};

PARE_OPTIMIZE_SPEED

/// Replaces `count` widened values by what the table gives for them.
inline void activate(const TableInt8& by, int16_t* values, int32_t count) {
  for (int16_t* const end = values + count; values != end; ++values) {
    *values = int16_t(by.table[*values + by.from + 128] - by.to);
  }
}

/// Replaces `count` outputs of a model by what the table gives for them.
inline void activate(const TableInt8& by, int8_t* values, int32_t count) {
  for (int8_t* const end = values + count; values != end; ++values) {
    *values = by.table[*values + 128];
  }
}

PARE_OPTIMIZE_END

}  // namespace pare
