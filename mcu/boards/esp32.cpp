#include "mcu/boards/board.h"

namespace pare::mcu {
namespace {

const Wokwi kWokwi{.part = "board-esp32-devkit-c-v4", .firmware = "merged.bin", .uart = true};

}  // namespace

extern const Board kEsp32;
/// Debian has no compiler for its core, nor an emulator: sketches are written and flashed, and
/// nothing is measured here. The sizes are those of the default partition and of the RAM that
/// arduino-esp32 calls its most (boards.txt); what the core itself takes of them is not known here.
/// The USB ids are of the serial bridges that its boards carry, a CP2102 or a CH340.
const Board kEsp32{.name = "esp32",
                   .title = "ESP32",
                   .core = "Xtensa LX6",
                   .short_core = "LX6",
                   .sketch_flash_bytes = 1310720,
                   .sketch_ram_bytes = 327680,
                   .clock_mhz = 240,
                   .flash_wait_cycles = 0,
                   .toolchain = nullptr,
                   .emulator = nullptr,
                   .upload = {.fqbn = "esp32:esp32:esp32",
                              .core = "esp32:esp32",
                              .index_url = "https://espressif.github.io/arduino-esp32/"
                                           "package_esp32_index.json",
                              .sketch_ids = {"10c4:ea60", "1a86:7523"},
                              .bootloader_ids = {},
                              .bootloader_advice = "hold BOOT while you press EN"},
                   .wokwi = &kWokwi};

}  // namespace pare::mcu
