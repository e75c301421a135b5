/// From reset to the sketch: the stub in place of the bootloader, and the application's vectors.
#include <stdint.h>

#include "start.h"

extern "C" {
extern uint32_t stack_top;
void boot() __attribute__((noreturn));
void start_application() __attribute__((noreturn));
}

namespace {

constexpr uint32_t kVectorTableOffset = 0xE000ED08;  // SCB->VTOR, ARMv7-M ARM B3.2.5
constexpr uint32_t kCoprocessorAccess = 0xE000ED88;  // SCB->CPACR, ARMv7-M ARM B3.2.20
constexpr uint32_t kFullFpuAccess = 0xFu << 20;
constexpr uint32_t kApplication = 0x00010000;

struct Vectors {
  uint32_t* stack;
  void (*handlers[15])();
};

}  // namespace

__attribute__((section(".boot_vectors"), used)) static const Vectors boot_vectors = {
    &stack_top, {boot, report_fault, report_fault, report_fault, report_fault, report_fault}};

__attribute__((section(".vectors"), used)) static const Vectors application_vectors = {
    &stack_top,
    {start_application, report_fault, report_fault, report_fault, report_fault, report_fault}};

/// Hands over to the application as the bootloader does: its vector table, its stack, its reset
/// handler.
__attribute__((section(".boot"), naked)) void boot() {
  asm volatile(
      "str %[table], [%[vtor]]\n"
      "ldr r0, [%[table]]\n"
      "ldr r1, [%[table], #4]\n"
      "msr msp, r0\n"
      "isb\n"
      "bx r1\n"
      :
      : [table] "r"(kApplication), [vtor] "r"(kVectorTableOffset)
      : "r0", "r1");
}

void start_application() {
  *reinterpret_cast<volatile uint32_t*>(kCoprocessorAccess) |= kFullFpuAccess;
  asm volatile("dsb\n isb" ::: "memory");
  run_sketch();
}
