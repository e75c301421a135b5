#pragma once
/// rp2040js in place of the Raspberry Pi Pico.
#include <stdint.h>

namespace machine {

inline void start_clock() {}

/// TIMERAWL. Source: RP2040 datasheet, 4.6.5.
inline uint32_t microseconds() { return *reinterpret_cast<volatile uint32_t*>(0x40054028u); }

/// A semihosting call.
inline uint32_t call_host(uint32_t operation, uintptr_t argument) {
  register uint32_t r0 asm("r0") = operation;
  register uintptr_t r1 asm("r1") = argument;
  asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

}  // namespace machine
