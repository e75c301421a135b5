#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pare::mcu {

struct Image;

/// How a sketch is compiled here as the board's Arduino core compiles it, and linked with what
/// stands for that core: mcu/emulator/board/<name>/ has the start-up code, the linker script and
/// machine.h.
struct Toolchain {
  std::string_view compiler;
  std::string_view package;             ///< Debian's, which has it
  std::vector<std::string> flags;       ///< the core's, without any warnings
  std::vector<std::string> link_flags;  ///< for the C library
  /// Where the application's code and constants lie.
  std::uint32_t flash_begin;
  std::uint32_t flash_end;
};

/// How a board runs here without hardware.
struct Emulator {
  std::string_view title;          ///< such as "a Cortex-M4F in QEMU"
  std::string_view program;        ///< that runs it
  std::string_view package;        ///< Debian's, which has the program
  bool counts_cycles;              ///< else it counts instructions alone
  double instructions_per_second;  ///< about, on a machine of today
  /// The command that runs an image, its serial line on the standard streams. What each call of
  /// pare_infer() costs is written to `timings`, if that is not empty, counted by `plugin` where
  /// the emulator is QEMU. Throws std::runtime_error that says how to get what is missing.
  std::vector<std::string> (*command)(const Image& image, const std::filesystem::path& plugin,
                                      const std::filesystem::path& timings);
};

/// How a sketch gets onto the board itself, by arduino-cli.
struct Upload {
  std::string_view fqbn;       ///< the name of the board to arduino-cli
  std::string_view core;       ///< the Arduino core that has the board
  std::string_view index_url;  ///< of that core, where it is none of Arduino's own
  /// USB ids, vendor:product in hexadecimal, of the board while it runs a sketch, and of its
  /// bootloader.
  std::vector<std::string_view> sketch_ids;
  std::vector<std::string_view> bootloader_ids;
  std::string_view bootloader_advice;  ///< how a person starts its bootloader
};

/// The board in Wokwi's simulator.
struct Wokwi {
  std::string_view part;      ///< the type of its part
  std::string_view firmware;  ///< the ending of the file that it runs, as arduino-cli writes it
  bool uart;                  ///< its serial line is that of two pins, else that of its USB
};

/// A board that models are deployed on. A new one is a file here, a line in the registry, and what
/// the emulator needs of it.
struct Board {
  std::string_view name;        ///< such as "pico"
  std::string_view title;       ///< such as "Raspberry Pi Pico"
  std::string_view core;        ///< its processor, such as "Cortex-M0+"
  std::string_view short_core;  ///< in the titles of columns, such as "M0+"
  /// What the Arduino core leaves to a sketch, as far as that is known: else what there is.
  long sketch_flash_bytes;
  long sketch_ram_bytes;
  double clock_mhz;
  /// Cycles that a word read from flash as data is believed to wait.
  long flash_wait_cycles;
  const Toolchain* toolchain;  ///< null if it is not built here
  const Emulator* emulator;    ///< null if it does not run here
  Upload upload;
  const Wokwi* wokwi;  ///< null where Wokwi does not have it
};

/// All boards; the first is the default.
std::span<const Board* const> boards();

/// Throws std::invalid_argument with those there are if there is no such board.
const Board& board_named(std::string_view name);

/// Arduino Nano 33 BLE, whose core the kernels' bytes and cycles are priced for.
const Board& nano33ble();

}  // namespace pare::mcu
