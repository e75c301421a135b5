#include "mcu/boards/board.h"
#include "mcu/emulator/qemu.h"

namespace pare::mcu {
namespace {

const Toolchain kToolchain{
    .compiler = "riscv64-unknown-elf-g++",
    .package = "gcc-riscv64-unknown-elf",
    .flags = {"-Os", "-std=gnu++14", "-fno-exceptions", "-fno-rtti", "-funsigned-char",
              "-march=rv32imc", "-misa-spec=2.2", "-mabi=ilp32", "-ffreestanding"},
    .link_flags = {"-nostdlib", "-lgcc"},
    .flash_begin = 0x80000000,  // QEMU's machine has RAM there
    .flash_end = 0x80400000};

const Emulator kEmulator{
    .title = "its core, RV32IMC, in QEMU",
    .program = "qemu-system-riscv32",
    .package = "qemu-system-misc",
    .counts_cycles = false,
    .instructions_per_second = 2e8,
    .command = [](const Image& image, const std::filesystem::path& plugin,
                  const std::filesystem::path& timings) {
      return qemu_command(kEmulator, {"-machine", "virt", "-bios", "none", "-icount", "shift=0"},
                          image, plugin, timings);
    }};

const Wokwi kWokwi{.part = "board-esp32-c3-devkitm-1", .firmware = "merged.bin", .uart = true};

}  // namespace

extern const Board kEsp32C3;
/// The sizes are those of the default partition and of the RAM that arduino-esp32 calls its most
/// (boards.txt); what the core itself takes of them is not known here. The USB ids are of its own
/// port and of the serial bridge of a DevKitM-1.
const Board kEsp32C3{.name = "esp32c3",
                     .title = "ESP32-C3",
                     .core = "RV32IMC",
                     .short_core = "RV32",
                     .sketch_flash_bytes = 1310720,
                     .sketch_ram_bytes = 327680,
                     .clock_mhz = 160,
                     .flash_wait_cycles = 0,
                     .toolchain = &kToolchain,
                     .emulator = &kEmulator,
                     .upload = {.fqbn = "esp32:esp32:esp32c3",
                                .core = "esp32:esp32",
                                .index_url = "https://espressif.github.io/arduino-esp32/"
                                             "package_esp32_index.json",
                                .sketch_ids = {"303a:1001", "10c4:ea60"},
                                .bootloader_ids = {},
                                .bootloader_advice = "hold BOOT while you press RESET"},
                     .wokwi = &kWokwi};

}  // namespace pare::mcu
