#include "Arduino.h"

namespace {

/// Source: Arm, "Semihosting for AArch32 and AArch64", release 2.0.
enum class Operation : uint32_t { open = 0x01, write = 0x05, read = 0x06, exit = 0x18 };
constexpr uint32_t kOpenToRead = 0;
constexpr uint32_t kOpenToWrite = 4;
constexpr uint32_t kApplicationExit = 0x20026;

struct OpenArguments {
  const char* name;
  uint32_t mode;
  uint32_t name_length;
};
struct TransferArguments {
  uint32_t handle;
  const uint8_t* bytes;
  uint32_t size_bytes;
};

uint32_t call_host(Operation operation, uintptr_t argument) {
  register uint32_t r0 asm("r0") = static_cast<uint32_t>(operation);
  register uintptr_t r1 asm("r1") = argument;
  asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

uint32_t open_console(uint32_t mode) {
  const OpenArguments arguments = {":tt", mode, 3};
  return call_host(Operation::open, reinterpret_cast<uintptr_t>(&arguments));
}

/// The FPGA's I/O block: a counter that runs freely behind a prescaler. Source: ARM DAI 0386
/// (AN386); its clock: QEMU, hw/misc/mps2-fpgaio.c.
struct FpgaIo {
  volatile uint32_t leds, reserved, buttons, reserved_2, count_1hz, count_100hz;
  volatile uint32_t count;
  volatile uint32_t prescale;
};
constexpr uint32_t kCounterHz = 20000000;

FpgaIo& fpga_io() { return *reinterpret_cast<FpgaIo*>(0x40028000u); }

__attribute__((constructor)) void start_clock() { fpga_io().prescale = kCounterHz / 1000000 - 1; }

}  // namespace

SemihostingSerial Serial;

void SemihostingSerial::begin(unsigned long) {
  input_ = open_console(kOpenToRead);
  output_ = open_console(kOpenToWrite);
}

int SemihostingSerial::read() {
  return begin_ == end_ ? -1 : static_cast<int>(received_[begin_++]);
}

size_t SemihostingSerial::write(const uint8_t* bytes, size_t size) {
  const TransferArguments arguments = {output_, bytes, size};
  return size - call_host(Operation::write, reinterpret_cast<uintptr_t>(&arguments));
}

void SemihostingSerial::wait_for_bytes() {
  if (available() > 0) return;
  const TransferArguments arguments = {input_, received_, sizeof(received_)};
  const uint32_t unread = call_host(Operation::read, reinterpret_cast<uintptr_t>(&arguments));
  begin_ = 0;
  end_ = unread < sizeof(received_) ? sizeof(received_) - unread : 0;
  if (end_ == 0) call_host(Operation::exit, kApplicationExit);
}

unsigned long micros() { return fpga_io().count; }

unsigned long millis() { return micros() / 1000; }
