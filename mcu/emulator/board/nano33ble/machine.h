#pragma once
/// QEMU's mps2-an386 board in place of the Nano 33 BLE.
#include <stdint.h>

/// What the board's core says of itself: it is Mbed's, and its serial port USB.
#define ARDUINO_ARCH_MBED
#define SERIAL_CDC 1

/// The registers of CMSIS that reach the cycle counter. QEMU reads them as 0.
struct DwtRegisters {
  volatile uint32_t CTRL;
  volatile uint32_t CYCCNT;
};
struct CoreDebugRegisters {
  volatile uint32_t DHCSR;
  volatile uint32_t DCRSR;
  volatile uint32_t DCRDR;
  volatile uint32_t DEMCR;
};
#define DWT (reinterpret_cast<DwtRegisters*>(0xE0001000u))
#define CoreDebug (reinterpret_cast<CoreDebugRegisters*>(0xE000EDF0u))
#define DWT_CTRL_CYCCNTENA_Msk (1u)
#define CoreDebug_DEMCR_TRCENA_Msk (1u << 24)

/// The part of the nRF52840's flash controller that a sketch sets; here nothing is there. Source:
/// nRF52840 Product Specification, section 4.3 (NVMC).
struct NvmcRegisters {
  uint32_t reserved[0x540 / 4];
  volatile uint32_t ICACHECNF;
};
#define NRF_NVMC (reinterpret_cast<NvmcRegisters*>(0x4001E000u))

namespace machine {

/// The FPGA's I/O block: a counter that runs freely behind a prescaler. Source: ARM DAI 0386
/// (AN386); its clock: QEMU, hw/misc/mps2-fpgaio.c.
struct FpgaIo {
  volatile uint32_t leds, reserved, buttons, reserved_2, count_1hz, count_100hz;
  volatile uint32_t count;
  volatile uint32_t prescale;
};
constexpr uint32_t kCounterHz = 20000000;

inline FpgaIo& fpga_io() { return *reinterpret_cast<FpgaIo*>(0x40028000u); }

inline void start_clock() { fpga_io().prescale = kCounterHz / 1000000 - 1; }

inline uint32_t microseconds() { return fpga_io().count; }

/// A semihosting call.
inline uint32_t call_host(uint32_t operation, uintptr_t argument) {
  register uint32_t r0 asm("r0") = operation;
  register uintptr_t r1 asm("r1") = argument;
  asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

}  // namespace machine
