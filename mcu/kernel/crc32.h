#pragma once
#include <stdint.h>

#include "optimize.h"

namespace pare {

/// CRC-32 of `size` bytes, continuing from `crc` (0 to begin): the value that zlib's crc32() gives.
/// Bit by bit, because a table would cost 1 KiB of flash and the sum is taken rarely.
/// Never inlined: without a model it must cost what it costs with one.
/// Source: RFC 1952 section 8 (reflected polynomial 0xEDB88320).
PARE_NO_INLINE inline uint32_t crc32(uint32_t crc, const void* data, uint32_t size) {
  const uint8_t* bytes = static_cast<const uint8_t*>(data);
  crc = ~crc;
  for (uint32_t i = 0; i < size; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1u) != 0 ? 0xEDB88320u : 0u);
    }
  }
  return ~crc;
}

}  // namespace pare
