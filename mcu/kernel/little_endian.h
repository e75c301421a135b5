#pragma once

#include <stdint.h>

namespace pare {

/// Numbers that lie anywhere, aligned or not.
inline uint32_t read_little_endian(const int8_t* bytes) {
  const uint8_t* b = reinterpret_cast<const uint8_t*>(bytes);
  return uint32_t(b[0]) | uint32_t(b[1]) << 8 | uint32_t(b[2]) << 16 | uint32_t(b[3]) << 24;
}

inline uint32_t read_little_endian_16(const int8_t* bytes) {
  const uint8_t* b = reinterpret_cast<const uint8_t*>(bytes);
  return uint32_t(b[0]) | uint32_t(b[1]) << 8;
}

}  // namespace pare
