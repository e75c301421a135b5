#include "mcu/emulator/qemu.h"

#include <fmt/format.h>

#include "mcu/process.h"

namespace pare::mcu {
namespace {

/// In QEMU's options a comma separates, and two are one.
std::string escape_commas(const std::filesystem::path& path) {
  std::string escaped;
  for (const char character : path.string()) {
    escaped += character == ',' ? ",," : std::string(1, character);
  }
  return escaped;
}

}  // namespace

std::vector<std::string> qemu_command(const Emulator& emulator,
                                      const std::vector<std::string>& machine, const Image& image,
                                      const std::filesystem::path& plugin,
                                      const std::filesystem::path& timings) {
  std::vector<std::string> command = {require_program(emulator.program, emulator.package).string()};
  command.insert(command.end(), machine.begin(), machine.end());
  command.insert(command.end(),
                 {"-display", "none", "-monitor", "none", "-serial", "none", "-semihosting-config",
                  "enable=on,target=native", "-kernel", image.elf.string()});
  if (!plugin.empty()) {
    command.insert(
        command.end(),
        {"-plugin",
         fmt::format("{},function={:#x},function_end={:#x},flash_begin={:#x},"
                     "flash_end={:#x},out={}",
                     escape_commas(plugin), image.infer_address,
                     image.infer_address + image.infer_bytes, image.board->toolchain->flash_begin,
                     image.board->toolchain->flash_end, escape_commas(timings))});
  }
  return command;
}

}  // namespace pare::mcu
