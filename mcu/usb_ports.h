#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "mcu/boards/board.h"

namespace pare::mcu {

/// What a board runs, which its USB product id tells.
enum class PortState { other, sketch, bootloader };  // other: it is another device

/// A serial port of a USB device.
struct UsbPort {
  std::filesystem::path device;  // such as /dev/ttyACM0
  std::string usb_id;            // vendor:product in hexadecimal; "" where it is not known
  std::string serial_number;     // "" where it has none
  std::string product;           // what the device calls itself; "" where it does not say
};

/// The serial ports of all connected USB devices, by name. `root` is where sys/ and dev/ are.
std::vector<UsbPort> list_usb_ports(const std::filesystem::path& root = "/");

PortState port_state(const UsbPort& port, const Board& board);

/// The one board of this kind that is connected, or the port that is `wanted` unless that is empty;
/// it may be one of no known device. Throws std::runtime_error when there is none, or more than
/// one.
UsbPort choose_port(const Board& board, const std::filesystem::path& wanted,
                    const std::filesystem::path& root = "/");

}  // namespace pare::mcu
