#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "mcu/emulator/image.h"

namespace pare::mcu {

/// The command that runs an image in QEMU, `machine` being the options that name the machine. The
/// serial line is on the standard streams. With `plugin`, the timing plugin's file, what each call
/// of pare_infer() costs is written to `timings`. Throws std::runtime_error when QEMU is missing.
std::vector<std::string> qemu_command(const Emulator& emulator,
                                      const std::vector<std::string>& machine, const Image& image,
                                      const std::filesystem::path& plugin,
                                      const std::filesystem::path& timings);

}  // namespace pare::mcu
