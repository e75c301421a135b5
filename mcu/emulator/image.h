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

/// What the Arduino core leaves to a sketch, of 983,040 bytes of flash and of 262,144 of RAM, whose
/// first 512 the bootloader owns: an empty sketch takes 94.7 kB of flash and 43.6 kB of RAM, the
/// main thread's stack of 32 kB among them. Source: ArduinoCore-mbed b4ad4e7, as arduino-cli
/// reports it.
constexpr long kSketchFlashBytes = 983040 - 94700;
constexpr long kSketchRamBytes = 262144 - 512 - 43600;

/// A sketch, linked for the emulated board.
struct Image {
  std::filesystem::path elf;
  long flash_bytes = 0;             // code, constants and initial values of the application
  long ram_bytes = 0;               // static data, without the stack
  long buffer_bytes = 0;            // of ram_bytes: the model's inputs and outputs
  std::uint32_t infer_address = 0;  // of pare_infer()
  std::uint32_t infer_bytes = 0;    // of its code
};

/// A sketch whose code, constants or static data exceed what the Arduino core leaves of the Nano's
/// memory.
class DoesNotFit : public std::runtime_error {
 public:
  /// `excess` is what is needed, and what there is: "flash 900000 > 888340".
  explicit DoesNotFit(const std::string& excess)
      : runtime_error("it does not fit what the Arduino core leaves of the Nano 33 BLE: " + excess +
                      " bytes"),
        excess_(excess) {}

  const std::string& excess() const { return excess_; }

 private:
  std::string excess_;
};

/// The flags that the Nano's Arduino core compiles a sketch with, without any warnings.
/// Source: ArduinoCore-mbed, variants/ARDUINO_NANO33BLE.
const std::vector<std::string>& sketch_flags();

/// Compiles the one .ino of `sketch_folder` and links it with the emulated board's start-up code.
/// `build_folder` keeps that code's objects for the next sketch; threads and processes may share
/// it. `optimization` takes the place of the core's own -Os; `more` goes to the compiler as it is,
/// such as folders to include from and objects to link. Throws DoesNotFit with the linker's figures
/// when the sketch exceeds the Nano's memory, and std::runtime_error with the compiler's own words
/// when it does not compile or the compiler is missing.
Image build_image(const std::filesystem::path& sketch_folder,
                  const std::filesystem::path& build_folder,
                  const std::string& optimization = "-Os",
                  const std::vector<std::string>& more = {});

/// Compiles a C file, such as a library's, into an object that build_image can link. Throws
/// std::runtime_error with the compiler's own words when that fails.
void compile_c(const std::filesystem::path& source, const std::filesystem::path& object,
               const std::string& optimization, const std::vector<std::string>& more);

}  // namespace pare::mcu
