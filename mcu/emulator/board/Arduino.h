#pragma once
/// The part of the Arduino core that a pare sketch uses, for QEMU's mps2-an386 board.
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// The sketch's two functions.
void setup();
void loop();

/// Microseconds since the start; wraps after 71.6 minutes. The emulator's clock says nothing about
/// the Nano's speed.
unsigned long micros();

/// Milliseconds since the start; wraps together with micros().
unsigned long millis();

enum PinStatus { LOW = 0, HIGH = 1 };
enum PinMode { INPUT = 0, OUTPUT = 1 };
#define LED_BUILTIN (13u)

/// The emulated board has no pins: both do nothing.
inline void pinMode(unsigned, PinMode) {}
inline void digitalWrite(unsigned, PinStatus) {}

/// The serial port, carried by QEMU's standard input and output through semihosting: the emulated
/// UART has no FIFO, and each byte through it costs some 40 us of the host's time.
class SemihostingSerial {
 public:
  void begin(unsigned long baud);
  /// Bytes that can be read at once.
  int available() const { return static_cast<int>(end_ - begin_); }
  /// The next byte, or -1.
  int read();
  size_t write(uint8_t byte) { return write(&byte, 1); }
  size_t write(const uint8_t* bytes, size_t size);
  explicit operator bool() const { return true; }

  /// Called between two loop()s, because only here do bytes arrive: sleeps until there is at least
  /// one. Powers the board off when the host has closed the line.
  void wait_for_bytes();

 private:
  uint32_t input_ = 0;
  uint32_t output_ = 0;
  uint32_t begin_ = 0;
  uint32_t end_ = 0;
  uint8_t received_[256];
};
extern SemihostingSerial Serial;

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
