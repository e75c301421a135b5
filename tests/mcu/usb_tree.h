#pragma once

#include <filesystem>
#include <string>

#include "tests/helpers.h"

namespace pare::tests {

/// What Linux shows of USB serial ports, below a folder of its own: sys/ and dev/.
class UsbTree {
 public:
  UsbTree() {
    std::filesystem::create_directories(root() / "sys/class/tty/tty0");  // none of USB's
    std::filesystem::create_directories(root() / "dev");
  }
  const std::filesystem::path& root() const { return folder_.path(); }
  std::filesystem::path port(const std::string& name) const { return root() / "dev" / name; }

  /// Connects a device; its port leads to `target`, or nowhere.
  void plug(const std::string& tty, const std::string& usb_id, const std::string& serial_number,
            const std::filesystem::path& target = {},
            const std::string& product = "Nano 33 BLE") const {
    namespace fs = std::filesystem;
    const std::string device = "sys/devices/usb1/1-" + tty;
    fs::create_directories(root() / device / "interface" / "tty" / tty);
    folder_.write(device + "/idVendor", usb_id.substr(0, 4) + "\n");
    folder_.write(device + "/idProduct", usb_id.substr(5) + "\n");
    if (!serial_number.empty()) folder_.write(device + "/serial", serial_number + "\n");
    if (!product.empty()) folder_.write(device + "/product", product + "\n");
    fs::create_directory_symlink("../../..", root() / device / "interface/tty" / tty / "device");
    fs::create_directory_symlink("../../devices/usb1/1-" + tty + "/interface/tty/" + tty,
                                 root() / "sys/class/tty" / tty);
    if (target.empty()) {
      folder_.write("dev/" + tty, "");
    } else {
      fs::create_symlink(target, port(tty));
    }
  }

  void unplug(const std::string& tty) const {
    namespace fs = std::filesystem;
    fs::remove(port(tty));
    fs::remove(root() / "sys/class/tty" / tty);
    fs::remove_all(root() / "sys/devices/usb1" / ("1-" + tty));
  }

 private:
  Folder folder_;
};

}  // namespace pare::tests
