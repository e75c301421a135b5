#include "mcu/boards/board.h"
#include "mcu/emulator/qemu.h"

namespace pare::mcu {
namespace {

/// Source of the flags: ArduinoCore-mbed, variants/ARDUINO_NANO33BLE.
const Toolchain kToolchain{
    .compiler = "arm-none-eabi-g++",
    .package = "gcc-arm-none-eabi",
    .flags = {"-Os", "-std=gnu++14", "-fno-exceptions", "-fno-rtti", "-funsigned-char",
              "-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=softfp"},
    .link_flags = {"--specs=nano.specs", "--specs=nosys.specs"},
    .flash_begin = 0x10000,  // after the bootloader
    .flash_end = 0x100000};

const Emulator kEmulator{
    .title = "a Cortex-M4F in QEMU",
    .program = "qemu-system-arm",
    .package = "qemu-system-arm",
    .counts_cycles = true,
    .instructions_per_second = 2e8,
    .command = [](const Image& image, const std::filesystem::path& plugin,
                  const std::filesystem::path& timings) {
      return qemu_command(kEmulator, {"-machine", "mps2-an386"}, image, plugin, timings);
    }};

}  // namespace

extern const Board kNano33Ble;
/// Source of the sizes: ArduinoCore-mbed b4ad4e7, as arduino-cli reports it: of 983,040 bytes of
/// flash and of 262,144 of RAM, whose first 512 the bootloader owns, an empty sketch takes 94.7 kB
/// and 43.6 kB, the main thread's stack of 32 kB among them. The wait for flash is inferred from
/// one published measurement: an estimate. Source of the USB ids: boards.txt, nano33ble.
const Board kNano33Ble{.name = "nano33ble",
                       .title = "Nano 33 BLE",
                       .core = "Cortex-M4F",
                       .short_core = "M4",
                       .sketch_flash_bytes = 983040 - 94700,
                       .sketch_ram_bytes = 262144 - 512 - 43600,
                       .clock_mhz = 64,
                       .flash_wait_cycles = 2,
                       .toolchain = &kToolchain,
                       .emulator = &kEmulator,
                       .upload = {.fqbn = "arduino:mbed_nano:nano33ble",
                                  .core = "arduino:mbed_nano",
                                  .index_url = "",
                                  .sketch_ids = {"2341:805a"},
                                  .bootloader_ids = {"2341:005a", "2341:015a", "2341:025a"},
                                  .bootloader_advice = "press the board's reset button twice"},
                       .wokwi = nullptr};

}  // namespace pare::mcu
