#pragma once

#include <filesystem>
#include <stdexcept>

#include "mcu/file_descriptor.h"

namespace pare::mcu {

/// Opens a serial port in raw mode at 115,200 baud, for this process alone. Never at 1,200 baud,
/// which sends an Arduino into its bootloader. Throws cannot_open().
FileDescriptor open_serial_port(const std::filesystem::path& port);

/// Why `port` could not be opened, and what to do about it; `error` is an errno.
std::runtime_error cannot_open(const std::filesystem::path& port, int error);

}  // namespace pare::mcu
