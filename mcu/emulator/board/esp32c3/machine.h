#pragma once
/// QEMU's "virt" board with the core of the ESP32-C3, RV32IMC, in place of an ESP32-C3.
#include <stdint.h>

/// As the board's Arduino core has it. QEMU counts instructions for cycles.
struct EspClass {
  static uint32_t getCycleCount() {
    uint32_t count;
    asm volatile("csrr %0, mcycle" : "=r"(count));
    return count;
  }
};
extern EspClass ESP;

namespace machine {

inline void start_clock() {}

/// The low half of mtime, which runs at 10 MHz. Source: QEMU, hw/riscv/virt.c.
inline uint32_t microseconds() { return *reinterpret_cast<volatile uint32_t*>(0x0200BFF8u) / 10; }

/// A semihosting call: startup.cpp has it.
extern "C" uint32_t call_host(uint32_t operation, uintptr_t argument);

}  // namespace machine
