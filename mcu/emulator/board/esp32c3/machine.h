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

/// A semihosting call. Source: RISC-V Semihosting, version 1.0, 1.1.
inline uint32_t call_host(uint32_t operation, uintptr_t argument) {
  register uint32_t a0 asm("a0") = operation;
  register uintptr_t a1 asm("a1") = argument;
  asm volatile(
      ".option push\n"
      ".option norvc\n"
      ".balign 16\n"
      "slli x0, x0, 0x1f\n"
      "ebreak\n"
      "srai x0, x0, 7\n"
      ".option pop"
      : "+r"(a0)
      : "r"(a1)
      : "memory");
  return a0;
}

}  // namespace machine
