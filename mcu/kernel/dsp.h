#pragma once

#include <stdint.h>

#include "optimize.h"

/// Which core's instructions the int8 kernels are made of: none under -O0, where the compiler
/// leaves no registers for them, and none where the program defines PARE_PORTABLE.
#if !defined(__OPTIMIZE__) || defined(PARE_PORTABLE)
#define PARE_CORTEX_M4 0
#define PARE_CORTEX_M0 0
#define PARE_RV32 0
#else
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
#define PARE_CORTEX_M4 1
#else
#define PARE_CORTEX_M4 0
#endif
#if defined(__ARM_ARCH_6M__)
#define PARE_CORTEX_M0 1
#else
#define PARE_CORTEX_M0 0
#endif
#if defined(__riscv_mul) && __riscv_xlen == 32
#define PARE_RV32 1
#else
#define PARE_RV32 0
#endif
#endif

namespace pare {

#if PARE_CORTEX_M4

/// sum + the products of both halves.
inline int32_t smlad(int32_t x, int32_t y, int32_t sum) {
  int32_t result;
  asm("smlad %0, %1, %2, %3" : "=r"(result) : "r"(x), "r"(y), "r"(sum));
  return result;
}

/// Bytes 0 and 2 of `x`, as the two halves.
inline int32_t sxtb16(int32_t x) {
  int32_t result;
  asm("sxtb16 %0, %1" : "=r"(result) : "r"(x));
  return result;
}

/// Bytes 1 and 3 of `x`, as the two halves.
inline int32_t sxtb16_odd(int32_t x) {
  int32_t result;
  asm("sxtb16 %0, %1, ror #8" : "=r"(result) : "r"(x));
  return result;
}

/// The halves of `x` plus bytes 0 and 2 of `bytes`.
inline int32_t sxtab16(int32_t x, int32_t bytes) {
  int32_t result;
  asm("sxtab16 %0, %1, %2" : "=r"(result) : "r"(x), "r"(bytes));
  return result;
}

/// The halves of `x` plus bytes 1 and 3 of `bytes`.
inline int32_t sxtab16_odd(int32_t x, int32_t bytes) {
  int32_t result;
  asm("sxtab16 %0, %1, %2, ror #8" : "=r"(result) : "r"(x), "r"(bytes));
  return result;
}

/// The upper halves of both.
inline int32_t pack_upper_halves(int32_t low, int32_t high) {
  int32_t result;
  asm("pkhtb %0, %1, %2, asr #16" : "=r"(result) : "r"(high), "r"(low));
  return result;
}

/// The lower halves of both.
inline int32_t pack_halves(int32_t low, int32_t high) {
  int32_t result;
  asm("pkhbt %0, %1, %2, lsl #16" : "=r"(result) : "r"(low), "r"(high));
  return result;
}

/// floor(x * y / 2^32) + sum.
inline int32_t high_multiply_add(int32_t x, int32_t y, int32_t sum) {
  int32_t result;
  asm("smmla %0, %1, %2, %3" : "=r"(result) : "r"(x), "r"(y), "r"(sum));
  return result;
}

/// round(x * y / 2^32), ties towards +infinity.
inline int32_t high_multiply_round(int32_t x, int32_t y) {
  int32_t result;
  asm("smmulr %0, %1, %2" : "=r"(result) : "r"(x), "r"(y));
  return result;
}

/// x / 2^kShift rounded down, between 0 and 255.
template <int kShift>
inline int32_t shift_to_byte(int32_t x) {
  int32_t result;
  asm("usat %0, #8, %1, asr %2" : "=r"(result) : "r"(x), "I"(kShift));
  return result;
}

/// x between -128 and 127.
inline int32_t saturate_int8(int32_t x) {
  int32_t result;
  asm("ssat %0, #8, %1" : "=r"(result) : "r"(x));
  return result;
}

/// round(x / 2^shift) + sum, ties towards +infinity, for 1 <= shift <= 31, of which the lowest byte
/// alone is read: the shift leaves the last bit that it loses in the carry.
inline int32_t shift_round_add(int32_t x, int32_t shift, int32_t sum) {
  int32_t result;
  asm("asrs %0, %1, %2\n\tadc %0, %0, %3" : "=&r"(result) : "r"(x), "r"(shift), "r"(sum) : "cc");
  return result;
}

#else

#if PARE_CORTEX_M0

/// floor(x * y / 2^32) + sum, by the four products of halves: the core has no other.
/// Source: Warren, "Hacker's Delight", 2nd edition, section 8-2, mulhs.
PARE_SHARED int32_t high_product(int32_t x, int32_t y, int32_t sum) {
  const uint32_t x_low = uint32_t(x) & 0xffffu;
  const uint32_t y_low = uint32_t(y) & 0xffffu;
  const int32_t x_high = x >> 16;
  const int32_t y_high = y >> 16;
  const int32_t middle = x_high * int32_t(y_low) + int32_t(x_low * y_low >> 16);
  const int32_t other = int32_t(x_low) * y_high + int32_t(uint32_t(middle) & 0xffffu);
  return x_high * y_high + (middle >> 16) + (other >> 16) + sum;
}

inline int32_t high_multiply_add(int32_t x, int32_t y, int32_t sum) {
  return high_product(x, y, sum);
}

inline int32_t high_multiply_round(int32_t x, int32_t y) {
  return high_product(x, y, int32_t(uint32_t(x) * uint32_t(y) >> 31));
}

#else

inline int32_t high_multiply_add(int32_t x, int32_t y, int32_t sum) {
  return int32_t((int64_t(x) * y) >> 32) + sum;
}

inline int32_t high_multiply_round(int32_t x, int32_t y) {
  return int32_t((int64_t(x) * y + (int64_t(1) << 31)) >> 32);
}

#endif

template <int kShift>
inline int32_t shift_to_byte(int32_t x) {
  x >>= kShift;
  return x < 0 ? 0 : x > 255 ? 255 : x;
}

inline int32_t saturate_int8(int32_t x) { return x < -128 ? -128 : x > 127 ? 127 : x; }

inline int32_t shift_round_add(int32_t x, int32_t shift, int32_t sum) {
  shift &= 0xff;
  return (x >> shift) + ((x >> (shift - 1)) & 1) + sum;
}

#endif

}  // namespace pare
