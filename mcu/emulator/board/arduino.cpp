#include "Arduino.h"

#include "start.h"

extern "C" {
// The linker script's.
extern uint32_t data_source, data_begin, data_end, bss_begin, bss_end;
extern void (*init_array_begin[])();
extern void (*init_array_end[])();
void* __dso_handle = nullptr;  // the compiler's handle for destructors at exit, which never comes
}

namespace {

/// Source: Arm, "Semihosting for AArch32 and AArch64", release 2.0, which RISC-V took over.
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
  return machine::call_host(static_cast<uint32_t>(operation), argument);
}

uint32_t open_console(uint32_t mode) {
  const OpenArguments arguments = {":tt", mode, 3};
  return call_host(Operation::open, reinterpret_cast<uintptr_t>(&arguments));
}

__attribute__((constructor)) void start_clock() { machine::start_clock(); }

}  // namespace

SemihostingSerial Serial;

void SemihostingSerial::begin(unsigned long) {
  input_ = open_console(kOpenToRead);
  output_ = open_console(kOpenToWrite);
}

int SemihostingSerial::read() {
  return begin_ == end_ ? -1 : static_cast<int>(received_[begin_++]);
}

float SemihostingSerial::parseFloat() {
  const bool negative = peek() == '-';
  if (negative) read();
  float value = 0;
  float unit = 0;  // of the next decimal; 0 before the point
  for (; peek() == '.' || (peek() >= '0' && peek() <= '9'); read()) {
    if (peek() == '.') {
      unit = 0.1f;
    } else if (unit == 0) {
      value = 10 * value + static_cast<float>(peek() - '0');
    } else {
      value += unit * static_cast<float>(peek() - '0');
      unit /= 10;
    }
  }
  return negative ? -value : value;
}

size_t SemihostingSerial::print(float value, int decimals) {
  char text[24];
  char* end = text + sizeof(text) - 1;
  *end = '\0';
  const bool negative = value < 0;
  for (int i = 0; i < decimals; ++i) value *= 10;
  uint32_t digits = static_cast<uint32_t>((negative ? -value : value) + 0.5f);
  for (int i = 0; digits != 0 || i <= decimals; ++i, digits /= 10) {
    if (i == decimals && decimals > 0) *--end = '.';
    *--end = static_cast<char>('0' + digits % 10);
  }
  if (negative) *--end = '-';
  return print(end);
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

unsigned long micros() { return machine::microseconds(); }

unsigned long millis() { return micros() / 1000; }

void run_sketch() {
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

void report_fault() {
  static const char message[] = "\r\ne-[hard fault]\r\n";
  Serial.begin(115200);
  Serial.write(reinterpret_cast<const uint8_t*>(message), sizeof(message) - 1);
  for (;;) asm volatile("wfi");
}
