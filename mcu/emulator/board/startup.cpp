/// From reset to loop(): the stub in place of the bootloader, the application's vectors, and what a
/// C++ program expects of its memory. No interrupt is ever enabled, so that counts of instructions
/// repeat.
#include <stdint.h>

#include "Arduino.h"

extern "C" {
extern uint32_t stack_top, data_source, data_begin, data_end, bss_begin, bss_end;
extern void (*init_array_begin[])();
extern void (*init_array_end[])();
void* __dso_handle = nullptr;  // the compiler's handle for destructors at exit, which never comes

void boot() __attribute__((noreturn));
void start_application() __attribute__((noreturn));
void hard_fault() __attribute__((noreturn));
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
    &stack_top, {boot, hard_fault, hard_fault, hard_fault, hard_fault, hard_fault}};

__attribute__((section(".vectors"), used)) static const Vectors application_vectors = {
    &stack_top, {start_application, hard_fault, hard_fault, hard_fault, hard_fault, hard_fault}};

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
  const uint32_t* source = &data_source;
  for (uint32_t* word = &data_begin; word != &data_end; ++word) *word = *source++;
  for (uint32_t* word = &bss_begin; word != &bss_end; ++word) *word = 0;
  for (auto constructor = init_array_begin; constructor != init_array_end; ++constructor) {
    (*constructor)();
  }
  setup();
  for (;;) {
    loop();
    Serial.wait_for_bytes();
  }
}

/// Every fault ends here: the host must see it, and the board must not run on.
void hard_fault() {
  static const char message[] = "\r\ne-[hard fault]\r\n";
  Serial.begin(115200);
  Serial.write(reinterpret_cast<const uint8_t*>(message), sizeof(message) - 1);
  for (;;) asm volatile("wfi");
}
