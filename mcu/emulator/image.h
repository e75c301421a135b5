#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace pare::mcu {

/// Application flash of the Nano: after the bootloader, to the end.
constexpr std::uint32_t kFlashBegin = 0x10000;
constexpr std::uint32_t kFlashEnd = 0x100000;

/// A sketch, linked for the emulated board.
struct Image {
  std::filesystem::path elf;
  long flash_bytes = 0;             // code, constants and initial values of the application
  long ram_bytes = 0;               // static data, without the stack
  std::uint32_t infer_address = 0;  // of pare_infer()
};

/// A sketch whose code, constants or static data exceed the Nano's memory.
class DoesNotFit : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The flags that the Nano's Arduino core compiles a sketch with, without any warnings.
/// Source: ArduinoCore-mbed, variants/ARDUINO_NANO33BLE.
const std::vector<std::string>& sketch_flags();

/// Compiles the one .ino of `sketch_folder` and links it with the emulated board's start-up code.
/// `build_folder` keeps that code's objects for the next sketch; threads and processes may share
/// it. `optimization` takes the place of the core's own -Os. Throws DoesNotFit with the linker's figures when the sketch exceeds the Nano's memory, and
/// std::runtime_error with the compiler's own words when it does not compile or the compiler is
/// missing.
Image build_image(const std::filesystem::path& sketch_folder,
                  const std::filesystem::path& build_folder,
                  const std::string& optimization = "-Os");

}  // namespace pare::mcu
