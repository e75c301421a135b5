#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pare::mcu {

/// What a Nano 33 BLE runs, which its USB product id tells.
enum class NanoState { none, sketch, bootloader };  // none: it is no Nano 33 BLE

/// A serial port of a USB device.
struct UsbPort {
  std::filesystem::path device;  // such as /dev/ttyACM0
  std::string usb_id;            // vendor:product in hexadecimal; "" where it is not known
  std::string serial_number;     // "" where it has none
  std::string product;           // what the device calls itself; "" where it does not say
};

/// The serial ports of all connected USB devices, by name. `root` is where sys/ and dev/ are.
std::vector<UsbPort> list_usb_ports(const std::filesystem::path& root = "/");

/// Source: ArduinoCore-mbed, boards.txt, nano33ble.
NanoState nano_state(const UsbPort& port);

/// The one Nano 33 BLE that is connected, or the port that is `wanted` unless that is empty; it may
/// be one of no known device. Throws std::runtime_error when there is none, or more than one.
UsbPort choose_nano(const std::filesystem::path& wanted, const std::filesystem::path& root = "/");

}  // namespace pare::mcu
