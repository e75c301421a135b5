#include <fmt/format.h>

#include <stdexcept>

#include "build_paths.h"
#include "mcu/boards/board.h"
#include "mcu/emulator/image.h"
#include "mcu/process.h"

namespace pare::mcu {
namespace {

namespace fs = std::filesystem;

/// What ./pare installs with npm when this board is asked for.
fs::path rp2040js() { return fs::path(PARE_SOURCE_DIR) / "build/npm/node_modules/rp2040js"; }

std::vector<std::string> rp2040js_command(const Image& image, const fs::path& /*plugin*/,
                                          const fs::path& timings) {
  const fs::path node = require_program("node", "nodejs");
  if (!fs::exists(rp2040js())) {
    throw std::runtime_error(fmt::format(
        "rp2040js, which emulates the Raspberry Pi Pico, is not in {}; install it with "
        "npm install --ignore-scripts --prefix {} rp2040js@1.4.1",
        rp2040js().parent_path().string(), rp2040js().parent_path().parent_path().string()));
  }
  std::vector<std::string> command = {
      node.string(), (fs::path(PARE_SOURCE_DIR) / "mcu/emulator/rp2040/run.cjs").string(),
      rp2040js().string(), image.elf.string()};
  if (!timings.empty()) {
    command.insert(command.end(), {timings.string(), fmt::format("{}", image.infer_address),
                                   fmt::format("{}", image.infer_address + image.infer_bytes)});
  }
  return command;
}

/// Source of the flags: arduino-pico, lib/rp2040/platform_def.txt and platform.txt.
const Toolchain kToolchain{.compiler = "arm-none-eabi-g++",
                           .package = "gcc-arm-none-eabi",
                           .flags = {"-Os", "-std=gnu++14", "-fno-exceptions", "-fno-rtti",
                                     "-funsigned-char", "-mcpu=cortex-m0plus", "-mthumb"},
                           .link_flags = {"--specs=nano.specs", "--specs=nosys.specs"},
                           .flash_begin = 0x10000000,
                           .flash_end = 0x10200000};

/// It counts the core's cycles, but no wait for the flash.
const Emulator kEmulator{.title = "a Cortex-M0+ in rp2040js, which is Wokwi's emulator, too",
                         .program = "node",
                         .package = "nodejs",
                         .counts_cycles = true,
                         .instructions_per_second = 8e6,
                         .command = rp2040js_command};

const Wokwi kWokwi{.part = "wokwi-pi-pico", .firmware = "uf2", .uart = false};

}  // namespace

extern const Board kPico;
/// Source of the sizes: arduino-pico, "Compile the Pico-SDK using -Os": 2 MiB without the sector of
/// its EEPROM, of which an empty sketch takes 49,908 bytes, and 7,024 of the RAM. Of the USB ids:
/// its boards.txt, rpipico; the boot ROM has no serial port.
const Board kPico{.name = "pico",
                  .title = "Raspberry Pi Pico",
                  .core = "Cortex-M0+",
                  .short_core = "M0+",
                  .sketch_flash_bytes = 2093056 - 49908,
                  .sketch_ram_bytes = 262144 - 7024,
                  .clock_mhz = 133,
                  .flash_wait_cycles = 0,
                  .toolchain = &kToolchain,
                  .emulator = &kEmulator,
                  .upload = {.fqbn = "rp2040:rp2040:rpipico",
                             .core = "rp2040:rp2040",
                             .index_url = "https://github.com/earlephilhower/arduino-pico/releases/"
                                          "download/global/package_rp2040_index.json",
                             .sketch_ids = {"2e8a:000a", "2e8a:f00a"},
                             .bootloader_ids = {},
                             .bootloader_advice = "hold BOOTSEL while you plug it in"},
                  .wokwi = &kWokwi};

}  // namespace pare::mcu
