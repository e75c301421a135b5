#include "mcu/usb_ports.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace pare::mcu {
namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// The folder of the USB device that a tty belongs to; empty if it belongs to none. The tty's
/// "device" is one of the device's interfaces. Source: Linux,
/// Documentation/ABI/testing/sysfs-bus-usb.
fs::path usb_device_of(const fs::path& tty) {
  std::error_code missing;
  fs::path folder = fs::canonical(tty / "device", missing);
  if (missing) return {};
  for (; folder.has_relative_path(); folder = folder.parent_path()) {
    if (fs::exists(folder / "idVendor", missing)) return folder;
  }
  return {};
}

}  // namespace

std::vector<UsbPort> list_usb_ports(const fs::path& root) {
  std::vector<UsbPort> ports;
  std::error_code missing;
  for (const fs::directory_entry& tty : fs::directory_iterator(root / "sys/class/tty", missing)) {
    const fs::path device = usb_device_of(tty.path());
    if (device.empty()) continue;
    ports.push_back(
        {root / "dev" / tty.path().filename(),
         fmt::format("{}:{}", first_line(device / "idVendor"), first_line(device / "idProduct")),
         first_line(device / "serial"), first_line(device / "product")});
  }
  std::sort(ports.begin(), ports.end(),
            [](const UsbPort& a, const UsbPort& b) { return a.device < b.device; });
  return ports;
}

PortState port_state(const UsbPort& port, const Board& board) {
  const auto among = [&](const std::vector<std::string_view>& ids) {
    return std::find(ids.begin(), ids.end(), port.usb_id) != ids.end();
  };
  if (among(board.upload.sketch_ids)) return PortState::sketch;
  return among(board.upload.bootloader_ids) ? PortState::bootloader : PortState::other;
}

UsbPort choose_port(const Board& board, const fs::path& wanted, const fs::path& root) {
  std::vector<UsbPort> ports = list_usb_ports(root);
  if (!wanted.empty()) {
    std::error_code missing;
    const fs::path target = fs::canonical(wanted, missing);  // /dev/serial/by-id has links
    if (missing) {
      throw std::runtime_error(
          fmt::format("{} is not there; './pare boards' lists the boards", wanted.string()));
    }
    for (const UsbPort& port : ports) {
      if (fs::weakly_canonical(port.device) == target) return port;
    }
    return {wanted, "", "", ""};
  }
  std::erase_if(ports,
                [&](const UsbPort& port) { return port_state(port, board) == PortState::other; });
  if (ports.size() == 1) return ports[0];
  if (ports.empty()) {
    throw std::runtime_error(
        fmt::format("no {} is connected; plug it in with a cable that carries data, and if it does "
                    "not show in './pare boards', {}",
                    board.title, board.upload.bootloader_advice));
  }
  std::vector<std::string> each;
  for (const UsbPort& port : ports) {
    each.push_back(fmt::format("{} (serial number {})", port.device.string(), port.serial_number));
  }
  throw std::runtime_error(fmt::format("{} boards are connected: {}; choose one with --port",
                                       ports.size(), fmt::join(each, ", ")));
}

}  // namespace pare::mcu
