#pragma once
/// The text on the serial line: commands that end with '%', replies made of lines. It knows nothing
/// of any model. Source: MLPerf Tiny, benchmark/api and benchmark/runner of
/// github.com/mlcommons/tiny.
#include <Arduino.h>
#include <stdint.h>
#include <string.h>

#include "crc32.h"

namespace pare {

/// Serial.write, but no host can stop the sketch: Mbed's USB would wait for as long as a host holds
/// the port open without reading. What it does not take within a second is dropped, and from then
/// on at once until it reads again.
inline void send(uint8_t* bytes, uint32_t size) {
#if defined(ARDUINO_ARCH_MBED) && defined(SERIAL_CDC)
  static bool reads = true;
  const unsigned long patience_ms = reads ? 1000 : 0;
  for (unsigned long start = millis(); size > 0 && Serial.connected();) {
    uint32_t taken = 0;
    Serial.send_nb(bytes, size, &taken, true);
    bytes += taken;
    size -= taken;
    if (taken > 0) start = millis();
    if (millis() - start > patience_ms) break;
  }
  reads = size == 0;
#else
  Serial.write(bytes, size);
#endif
}

/// Gathers a reply and writes it with one Serial.write, because on USB every write is a
/// transaction. A reply that is longer than the buffer takes several: its RAM must not grow with
/// the model.
class Reply {
 public:
  /// Starts a reply; `command_sum` is Command::sum() of what it answers.
  void begin(uint32_t command_sum) { sum_ = command_sum; }

  Reply& text(const char* characters) {
    while (*characters != '\0') put(*characters++);
    return *this;
  }

  Reply& number(uint32_t value, int min_digits = 1) {
    char digits[10];
    int count = 0;
    for (; value != 0 || count < min_digits; value /= 10) {
      digits[count++] = static_cast<char>('0' + value % 10);
    }
    while (count > 0) put(digits[--count]);
    return *this;
  }

  /// Six decimals, by integers alone: the core's printf may lack %f. Above 1e9 with an exponent.
  Reply& decimal(float value) {
    if (value != value) return text("nan");
    if (value < 0) put('-');
    float magnitude = fabsf(value);
    if (magnitude > 3.4e38f) return text("inf");
    uint32_t exponent = 0;
    for (; magnitude >= 1e9f; magnitude /= 10) ++exponent;
    uint32_t whole = static_cast<uint32_t>(magnitude);
    uint32_t millionths =
        static_cast<uint32_t>((magnitude - static_cast<float>(whole)) * 1e6f + 0.5f);
    if (millionths == 1000000) {
      ++whole;
      millionths = 0;
    }
    number(whole).text(".").number(millionths, 6);
    return exponent == 0 ? *this : text("e").number(exponent);
  }

  Reply& hex(const void* data, uint32_t size_bytes) {
    const uint8_t* bytes = static_cast<const uint8_t*>(data);
    for (uint32_t i = 0; i < size_bytes; ++i) {
      put("0123456789abcdef"[bytes[i] >> 4]);
      put("0123456789abcdef"[bytes[i] & 15]);
    }
    return *this;
  }

  /// Eight hexadecimal digits.
  Reply& hex32(uint32_t value) {
    for (int shift = 28; shift >= 0; shift -= 4) put("0123456789abcdef"[(value >> shift) & 15]);
    return *this;
  }

  Reply& end_line() { return text("\r\n"); }
  Reply& line(const char* characters) { return text(characters).end_line(); }
  Reply& error(const char* what) { return text("e-[").text(what).line("]"); }

  /// The line by which the host sees that neither the command nor the reply was damaged on its way:
  /// CRC-32 of the command, followed by the reply's lines before this one.
  Reply& check() {
    const uint32_t sum = sum_;
    return text("m-pare-check-[").hex32(sum).line("]");
  }

  /// Ends the reply with the line that the host waits for.
  void send_ready() {
    line("m-ready");
    flush();
  }

  /// Sends what there is.
  void flush() {
    send(buffer_, size_);
    size_ = 0;
  }

 private:
  void put(char character) {
    if (size_ == sizeof(buffer_)) flush();
    buffer_[size_++] = static_cast<uint8_t>(character);
    sum_ = crc32(sum_, &character, 1);
  }

  uint8_t buffer_[512];
  uint32_t size_ = 0;
  uint32_t sum_ = 0;
};

/// Collects characters until a command is whole, and splits it into words.
class Command {
 public:
  static constexpr uint32_t kMaxCharacters = 80;
  static constexpr int kMaxWords = 4;

  /// Takes the next character; true when a command is complete. Line ends are ignored.
  bool take(char character) {
    if (complete_) {
      size_ = 0;
      complete_ = false;
    }
    if (character == '\r' || character == '\n') return false;
    complete_ = character == '%';
    if (complete_) {
      sum_ = crc32(0, text_, size_);
      split();
    } else if (size_ <= kMaxCharacters) {
      text_[size_++] = character;
    }
    return complete_;
  }

  /// Whether characters of a command have come, and not its end.
  bool begun() const { return !complete_ && size_ > 0; }

  /// CRC-32 of the command's characters, its '%' not among them.
  uint32_t sum() const { return sum_; }

  bool too_long() const { return size_ > kMaxCharacters; }

  /// Word `index` of the command, "" when there is none.
  const char* word(int index) const { return index < words_ ? word_[index] : ""; }
  bool has(int index) const { return index < words_; }
  bool is(int index, const char* expected) const { return strcmp(word(index), expected) == 0; }

 private:
  void split() {
    text_[size_] = '\0';
    words_ = 0;
    for (char* rest = text_; words_ < kMaxWords; ++words_) {
      while (*rest == ' ') *rest++ = '\0';
      if (*rest == '\0') break;
      word_[words_] = rest;
      while (*rest != ' ' && *rest != '\0') ++rest;
    }
  }

  char text_[kMaxCharacters + 2];
  const char* word_[kMaxWords];
  uint32_t size_ = 0;
  uint32_t sum_ = 0;
  int words_ = 0;
  bool complete_ = false;
};

/// Reads a decimal number of at most nine digits; false when `text` is anything else.
inline bool parse_number(const char* text, uint32_t* value) {
  uint32_t digits = 0;
  *value = 0;
  for (; text[digits] >= '0' && text[digits] <= '9' && digits < 10; ++digits) {
    *value = *value * 10 + static_cast<uint32_t>(text[digits] - '0');
  }
  return digits > 0 && digits < 10 && text[digits] == '\0';
}

/// The value of a hexadecimal digit, or -1.
inline int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

}  // namespace pare
