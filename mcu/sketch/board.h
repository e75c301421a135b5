#pragma once
/// What the sketch asks of a board that the Arduino core's own functions do not give: a counter of
/// cycles, the state of the instruction cache, and the stack pointer.
#include <Arduino.h>
#include <stdint.h>

namespace pare {

#if defined(DWT)  // Cortex-M4

inline void start_cycle_counter() {
  CoreDebug->DEMCR |= CoreDebug_DEMCR_TRCENA_Msk;
  DWT->CTRL |= DWT_CTRL_CYCCNTENA_Msk;
}

inline uint32_t cycle_count() { return DWT->CYCCNT; }

/// Cycles between two counts; the counter may have wrapped once.
inline uint32_t cycles_between(uint32_t begin, uint32_t end) { return end - begin; }

/// The cache of the nRF52840 is off after a reset: a model runs faster with it, and is timed so.
inline void turn_cache_on() { NRF_NVMC->ICACHECNF |= 1u; }

inline bool instruction_cache_on() { return (NRF_NVMC->ICACHECNF & 1u) != 0; }

#elif defined(__ARM_ARCH_6M__)  // Cortex-M0+, which has no other counter than SysTick

/// It counts cycles down. Not every Arduino core has a name for it. Source: ARMv6-M ARM (ARM DDI
/// 0419), B3.3.
struct SysTickRegisters {
  volatile uint32_t control;
  volatile uint32_t top;
  volatile uint32_t value;
};

inline SysTickRegisters& sys_tick() { return *reinterpret_cast<SysTickRegisters*>(0xE000E010u); }

constexpr uint32_t kSysTickTop = 0xFFFFFF;

/// Some cores count with it already, and to another end: then it stays as it is.
inline void start_cycle_counter() {
  const uint32_t by_processor_clock_on = 5;
  if ((sys_tick().control & 1u) != 0) return;
  sys_tick().top = kSysTickTop;
  sys_tick().value = 0;
  sys_tick().control = by_processor_clock_on;
}

/// 0 where the counter does not count from kSysTickTop.
inline uint32_t cycle_count() {
  return sys_tick().top == kSysTickTop ? kSysTickTop - sys_tick().value : 0;
}

/// Cycles between two counts; the counter may have wrapped once, which it does every 2^24.
inline uint32_t cycles_between(uint32_t begin, uint32_t end) { return (end - begin) & kSysTickTop; }

inline void turn_cache_on() {}

/// The flash of the RP2040 is always read through its cache, which is on after a reset. Source:
/// RP2040 datasheet, 2.6.3.
inline bool instruction_cache_on() { return true; }

#else  // ESP32

inline void start_cycle_counter() {}

inline uint32_t cycle_count() { return ESP.getCycleCount(); }

/// Cycles between two counts; the counter may have wrapped once.
inline uint32_t cycles_between(uint32_t begin, uint32_t end) { return end - begin; }

inline void turn_cache_on() {}

/// The flash of an ESP32 is always read through its cache.
inline bool instruction_cache_on() { return true; }

#endif

#if defined(__riscv)
#define PARE_READ_STACK_POINTER "mv %0, sp"
#else
#define PARE_READ_STACK_POINTER "mov %0, sp"
#endif

/// Of the caller.
__attribute__((always_inline)) inline uint32_t stack_pointer() {
  uint32_t address;
  asm volatile(PARE_READ_STACK_POINTER : "=r"(address));
  return address;
}

#undef PARE_READ_STACK_POINTER

}  // namespace pare
