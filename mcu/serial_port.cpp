#include "mcu/serial_port.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace pare::mcu {
namespace {

std::string group_of(const std::filesystem::path& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return "dialout";
  const struct group* group = ::getgrgid(status.st_gid);
  return group == nullptr ? fmt::format("{}", status.st_gid) : group->gr_name;
}

}  // namespace

std::runtime_error cannot_open(const std::filesystem::path& port, int error) {
  const std::string start = fmt::format("{} cannot be opened: ", port.string());
  switch (error) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return std::runtime_error(start + "it is not there; './pare boards' lists the boards");
    case EACCES:
    case EPERM:
      return std::runtime_error(
          start + fmt::format("permission denied; join its group with 'sudo usermod -a -G {} "
                              "$USER', and log in again",
                              group_of(port)));
    case EBUSY:
      return std::runtime_error(
          start +
          "another program holds it; close the Serial Monitor, and if it is ModemManager, wait "
          "some seconds or stop it with 'sudo systemctl stop ModemManager'");
    case ENOTTY:
      return std::runtime_error(start + "it is no serial port; './pare boards' lists the boards");
    default:
      return std::runtime_error(start + std::strerror(error));
  }
}

FileDescriptor open_serial_port(const std::filesystem::path& port) {
  FileDescriptor line(::open(port.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (line.get() < 0) throw cannot_open(port, errno);
  struct termios settings = {};
  if (::tcgetattr(line.get(), &settings) != 0) throw cannot_open(port, errno);
  // The speed is set before the port can close again: a board takes 1,200 baud at the end of a
  // connection as the order to start its bootloader, and that speed may be left from an upload.
  ::cfmakeraw(&settings);
  ::cfsetspeed(&settings, B115200);
  settings.c_cflag |= CLOCAL | CREAD;
  settings.c_cflag &= ~CRTSCTS;
  if (::tcsetattr(line.get(), TCSANOW, &settings) != 0 || ::ioctl(line.get(), TIOCEXCL) != 0) {
    throw cannot_open(port, errno);
  }
  return line;
}

}  // namespace pare::mcu
