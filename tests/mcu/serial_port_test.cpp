#include "mcu/serial_port.h"

#include <doctest/doctest.h>
#include <termios.h>

#include <cerrno>

#include "tests/helpers.h"
#include "tests/mcu/faulty_line.h"

using namespace pare;
using mcu::cannot_open;
using mcu::open_serial_port;

namespace {

/// A pseudo-terminal with nothing behind it.
class IdlePort : public tests::FaultyLine {
 public:
  IdlePort() : FaultyLine(mcu::FileDescriptor(::open("/dev/null", O_RDWR | O_CLOEXEC))) {}
};

struct termios settings_of(const mcu::FileDescriptor& port) {
  struct termios settings = {};
  REQUIRE(::tcgetattr(port.get(), &settings) == 0);
  return settings;
}

}  // namespace

TEST_CASE("a serial port is opened raw and at 115,200 baud, whatever speed it had before") {
  const IdlePort line;
  const mcu::FileDescriptor before(::open(line.path().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  struct termios settings = settings_of(before);
  ::cfsetspeed(&settings, B1200);
  REQUIRE(::tcsetattr(before.get(), TCSANOW, &settings) == 0);
  CHECK(::cfgetospeed(&settings) == B1200);

  const mcu::FileDescriptor port = open_serial_port(line.path());
  settings = settings_of(port);
  CHECK(::cfgetospeed(&settings) == B115200);
  CHECK(::cfgetispeed(&settings) == B115200);
  CHECK((settings.c_lflag & (ICANON | ECHO | ISIG)) == 0);
  CHECK((settings.c_oflag & OPOST) == 0);
  CHECK((settings.c_iflag & (ICRNL | IXON)) == 0);
}

TEST_CASE("a port that is not there, and one that is none, are refused with where to look") {
  CHECK_THROWS_WITH(open_serial_port("/nowhere/ttyACM0"),
                    "/nowhere/ttyACM0 cannot be opened: it is not there; './pare boards' lists the "
                    "boards");
  CHECK_THROWS_WITH(open_serial_port("/dev/null"),
                    "/dev/null cannot be opened: it is no serial port; './pare boards' lists the "
                    "boards");
}

TEST_CASE("a port without permission, or held by another, says what to do") {
  const tests::Folder folder;
  const std::string port = folder.write("ttyACM0", "");
  CHECK(::chown(port.c_str(), static_cast<uid_t>(-1), ::getgid()) == 0);
  const std::string denied = cannot_open(port, EACCES).what();
  CHECK(denied.starts_with(
      port + " cannot be opened: permission denied; join its group with 'sudo usermod -a -G "));
  CHECK(denied.ends_with(" $USER', and log in again"));
  CHECK(cannot_open(port, EBUSY).what() ==
        port +
            " cannot be opened: another program holds it; close the Serial Monitor, and if it is "
            "ModemManager, wait some seconds or stop it with 'sudo systemctl stop ModemManager'");
  CHECK(cannot_open(port, EINVAL).what() == port + " cannot be opened: Invalid argument");
}
