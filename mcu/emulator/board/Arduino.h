#pragma once
/// The part of the Arduino core that a pare sketch uses, for the boards that an emulator runs.
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "machine.h"

/// The sketch's two functions.
void setup();
void loop();

/// Microseconds since the start; wraps after 71.6 minutes. The emulator's clock says nothing about
/// the board's speed.
unsigned long micros();

/// Milliseconds since the start; wraps together with micros().
unsigned long millis();

enum PinStatus { LOW = 0, HIGH = 1 };
enum PinMode { INPUT = 0, OUTPUT = 1 };
#define LED_BUILTIN (13u)

/// The emulated board has no pins: both do nothing.
inline void pinMode(unsigned, PinMode) {}
inline void digitalWrite(unsigned, PinStatus) {}

/// The serial port, carried by the emulator's standard input and output through semihosting: an
/// emulated UART has no FIFO or must be asked without end, and each byte through QEMU's costs some
/// 40 us of the host's time.
class SemihostingSerial {
 public:
  void begin(unsigned long baud);
  /// Bytes that can be read at once.
  int available() const { return static_cast<int>(end_ - begin_); }
  /// The next byte, or -1; read() also takes it.
  int peek() const { return begin_ == end_ ? -1 : static_cast<int>(received_[begin_]); }
  int read();
  void setTimeout(unsigned long) {}
  /// The number that the next bytes are; it ends where they do.
  float parseFloat();
  size_t print(const char* text) {
    return write(reinterpret_cast<const uint8_t*>(text), strlen(text));
  }
  size_t print(float value, int decimals = 2);
  size_t println() { return print("\r\n"); }
  size_t println(float value, int decimals = 2) { return print(value, decimals) + println(); }
  size_t write(uint8_t byte) { return write(&byte, 1); }
  size_t write(const uint8_t* bytes, size_t size);
  /// As Mbed's USBCDC has it: takes what there is room for, 64 bytes at most.
  void send_nb(uint8_t* bytes, uint32_t size, uint32_t* taken, bool /*now*/) {
    *taken = size < 64 ? size : 64;
    write(bytes, *taken);
  }
  explicit operator bool() const { return true; }
  bool connected() const { return true; }

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
