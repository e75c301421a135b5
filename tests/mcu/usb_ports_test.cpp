#include "mcu/usb_ports.h"

#include <doctest/doctest.h>

#include "tests/mcu/usb_tree.h"

using namespace pare;
using mcu::choose_port;
using mcu::nano33ble;
using mcu::PortState;
using tests::UsbTree;

TEST_CASE("the serial ports of USB devices are listed with what the devices say of themselves") {
  const UsbTree tree;
  CHECK(mcu::list_usb_ports(tree.root()).empty());
  tree.plug("ttyUSB0", "0403:6001", "", {}, "");
  tree.plug("ttyACM1", "2341:005a", "B0B0");
  tree.plug("ttyACM0", "2341:805a", "CAFE0001");
  const std::vector<mcu::UsbPort> ports = mcu::list_usb_ports(tree.root());
  REQUIRE(ports.size() == 3);
  CHECK(ports[0].device == tree.port("ttyACM0"));
  CHECK(ports[0].usb_id == "2341:805a");
  CHECK(ports[0].serial_number == "CAFE0001");
  CHECK(ports[0].product == "Nano 33 BLE");
  CHECK(mcu::port_state(ports[0], nano33ble()) == PortState::sketch);
  CHECK(ports[1].device == tree.port("ttyACM1"));
  CHECK(mcu::port_state(ports[1], nano33ble()) == PortState::bootloader);
  CHECK(ports[2].usb_id == "0403:6001");
  CHECK(ports[2].serial_number == "");
  CHECK(ports[2].product == "");
  CHECK(mcu::port_state(ports[2], nano33ble()) == PortState::other);
  tree.unplug("ttyACM1");
  CHECK(mcu::list_usb_ports(tree.root()).size() == 2);
  CHECK(mcu::list_usb_ports(tree.root() / "nowhere").empty());
}

TEST_CASE("the one Nano that is connected is chosen, in either state") {
  const UsbTree tree;
  tree.plug("ttyUSB0", "0403:6001", "FTDI");
  tree.plug("ttyACM3", "2341:805a", "A");
  CHECK(choose_port(nano33ble(), "", tree.root()).device == tree.port("ttyACM3"));
  tree.unplug("ttyACM3");
  tree.plug("ttyACM3", "2341:025a", "A");
  CHECK(choose_port(nano33ble(), "", tree.root()).serial_number == "A");
}

TEST_CASE("no Nano, or several, are refused with what to do") {
  const UsbTree tree;
  tree.plug("ttyUSB0", "0403:6001", "FTDI");
  CHECK_THROWS_WITH(choose_port(nano33ble(), "", tree.root()),
                    "no Nano 33 BLE is connected; plug it in with a cable that carries data, and "
                    "if it does not show in './pare boards', press the board's reset button twice");
  tree.plug("ttyACM0", "2341:805a", "A");
  tree.plug("ttyACM1", "2341:005a", "B");
  CHECK_THROWS_WITH(
      choose_port(nano33ble(), "", tree.root()),
      ("2 boards are connected: " + tree.port("ttyACM0").string() + " (serial number A), " +
       tree.port("ttyACM1").string() + " (serial number B); choose one with --port")
          .c_str());
}

TEST_CASE("a port that is asked for is found by any of its names") {
  const UsbTree tree;
  const tests::Folder target;
  tree.plug("ttyACM0", "2341:805a", "A", target.write("a", ""));
  tree.plug("ttyACM1", "2341:805a", "B", target.write("b", ""));
  CHECK(choose_port(nano33ble(), tree.port("ttyACM1"), tree.root()).serial_number == "B");
  std::filesystem::create_symlink(tree.port("ttyACM0"), tree.port("by-id"));
  CHECK(choose_port(nano33ble(), tree.port("by-id"), tree.root()).serial_number == "A");
  CHECK(choose_port(nano33ble(), "/dev/null", tree.root()).device == "/dev/null");
  CHECK(choose_port(nano33ble(), "/dev/null", tree.root()).usb_id == "");
  CHECK_THROWS_WITH(
      choose_port(nano33ble(), tree.port("ttyACM7"), tree.root()),
      (tree.port("ttyACM7").string() + " is not there; './pare boards' lists the boards").c_str());
}
