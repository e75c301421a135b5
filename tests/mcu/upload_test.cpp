// Flashing with a script in the place of arduino-cli, and the emulated board in that of the Nano.
#include "mcu/upload.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <functional>

#include "tests/mcu/remote_board.h"
#include "tests/mcu/stand_in_cli.h"
#include "tests/mcu/usb_tree.h"

using namespace pare;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using mcu::BoardSearch;
using tests::RemoteBoard;
using tests::StandInCli;
using tests::UsbTree;

namespace {

/// Moves a tty out of sight, or back.
std::string hide(const UsbTree& tree, const std::string& tty) {
  return fmt::format("mv {}/sys/class/tty/{} {}/hidden", tree.root().string(), tty,
                     tree.root().string());
}
std::string show(const UsbTree& tree, const std::string& tty) {
  return fmt::format("mv {}/hidden/{} {}/sys/class/tty", tree.root().string(), tty,
                     tree.root().string());
}

/// A tree with one Nano at ttyACM0, and room for what is hidden.
struct OneNano : UsbTree {
  OneNano() {
    fs::create_directory(root() / "hidden");
    plug("ttyACM0", "2341:805a", "CAFE");
  }
  BoardSearch search(std::chrono::milliseconds patience = 400ms) const {
    return {.root = root(), .patience = patience};
  }
};

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

fs::path build_folder() {
  static const tests::Folder kFolder;
  return kFolder.path() / "build";
}

std::string flash_error(const BoardSearch& search) {
  return error_of(
      [&] { mcu::upload_sketch(mcu::nano33ble(), "/tmp/sine", build_folder(), search); });
}

}  // namespace

TEST_CASE("a missing arduino-cli is reported with how to get it") {
  const OneNano tree;
  CHECK(flash_error(tree.search()) ==
        "arduino-cli was not found in PATH; get it from "
        "https://docs.arduino.cc/arduino-cli/installation (Debian has no package), then run "
        "'arduino-cli core install arduino:mbed_nano'");
}

TEST_CASE("a missing core is reported with how to get it") {
  const OneNano tree;
  const StandInCli cli("true",
                       "echo \"Error during build: Platform 'arduino:mbed_nano' not found: "
                       "platform not installed\"; exit 1");
  CHECK(flash_error(tree.search()) ==
        "arduino-cli has no core for the Nano 33 BLE; run 'arduino-cli core update-index' and "
        "'arduino-cli core install arduino:mbed_nano'");
}

TEST_CASE("a sketch that does not compile is reported in arduino-cli's words") {
  const OneNano tree;
  const StandInCli cli("true", "echo 'sine.ino:1:1: error: no'; exit 1");
  CHECK(flash_error(tree.search()) ==
        "arduino-cli cannot compile sine:\nsine.ino:1:1: error: no\n");
}

TEST_CASE("an arduino-cli that compiles nothing and says that all is well is found out") {
  const OneNano tree;
  fs::remove_all(build_folder());
  const StandInCli cli("true", "true");
  CHECK(flash_error(tree.search())
            .starts_with("arduino-cli says that it has compiled sine, but has written nothing; "));
}

TEST_CASE("with no board nothing is compiled, and a port that may not be used is refused first") {
  const UsbTree empty;
  const StandInCli cli("true");
  CHECK(flash_error({.root = empty.root()}).starts_with("no Nano 33 BLE is connected; "));
  const OneNano tree;
  fs::remove(tree.port("ttyACM0"));
  CHECK(flash_error(tree.search()) ==
        tree.port("ttyACM0").string() +
            " cannot be opened: it is not there; './pare boards' lists the boards");
  CHECK_FALSE(fs::exists(cli.log()));
}

TEST_CASE("an upload that fails says to press reset twice, or what stands in its way") {
  const OneNano tree;
  const std::string port = tree.port("ttyACM0").string();
  {
    const StandInCli cli("echo 'No device found on ttyACM0'; exit 1");
    CHECK(flash_error(tree.search()) ==
          "the upload to " + port +
              " failed; press the board's reset button twice, so that its bootloader stays, and "
              "flash again. arduino-cli says:\nNo device found on ttyACM0\n");
    CHECK(tests::read_file(cli.log()) ==
          "compile -b arduino:mbed_nano:nano33ble --build-path " + build_folder().string() +
              " /tmp/sine\n"
              "upload -b arduino:mbed_nano:nano33ble -p " +
              port + " --input-dir " + build_folder().string() + "\n");
  }
  {
    const StandInCli cli("echo 'open: Permission denied'; exit 1");
    CHECK(flash_error(tree.search()).starts_with(port + " cannot be opened: permission denied; "));
  }
  {
    const StandInCli cli("echo 'Serial port busy'; exit 1");
    CHECK(flash_error(tree.search())
              .starts_with(port + " cannot be opened: another program holds it; "));
  }
}

TEST_CASE("a board that does not come back is reported after the patience") {
  const OneNano tree;
  const StandInCli cli(hide(tree, "ttyACM0"));
  CHECK(
      flash_error(tree.search()) ==
      "the sketch was uploaded, but within 0 s the board did not answer: its port did not come "
      "back; press its reset button once, and before flashing again press the board's reset button "
      "twice if that does not help");
}

TEST_CASE("a board in its bootloader cannot be validated") {
  const UsbTree tree;
  tree.plug("ttyACM0", "2341:005a", "CAFE");
  CHECK(error_of([&] { mcu::connect_board(mcu::nano33ble(), {.root = tree.root()}); }) ==
        "the board at " + tree.port("ttyACM0").string() +
            " is in its bootloader; './pare flash' gives it a sketch, or its reset button, pressed "
            "once, starts the one that it has");
}

TEST_SUITE("slow") {
  TEST_CASE("a board that comes back late and under another port is found by its serial number") {
    RemoteBoard remote;
    remote.connect();  // and leave
    const OneNano tree;
    tree.plug("ttyACM1", "2341:805a", "BEEF");  // another board, that stays
    tree.plug("ttyACM2", "2341:005a", "CAFE");  // the bootloader, for a moment
    tree.plug("ttyACM3", "2341:805a", "CAFE", remote.line().path());
    for (const char* later : {"ttyACM2", "ttyACM3"}) {
      fs::rename(tree.root() / "sys/class/tty" / later, tree.root() / "hidden" / later);
    }
    // What the upload leaves running is stopped, unless it has a session of its own by then.
    const std::string started = (tree.root() / "started").string();
    const StandInCli cli(
        fmt::format("{}; {}; setsid sh -c 'touch {}; sleep 0.3; {}; {}' >/dev/null 2>&1 & "
                    "while [ ! -e {} ]; do sleep 0.01; done",
                    hide(tree, "ttyACM0"), show(tree, "ttyACM2"), started, hide(tree, "ttyACM2"),
                    show(tree, "ttyACM3"), started));
    BoardSearch search = tree.search(10s);
    search.wanted_port = tree.port("ttyACM0");
    mcu::BoardClient client =
        mcu::upload_sketch(mcu::nano33ble(), "/tmp/sine", build_folder(), search);
    CHECK(client.info().hash == remote.hash());
    CHECK(client.infer(remote.vectors().inputs[1]) == remote.vectors().outputs[1]);
  }

  TEST_CASE("a board whose bootloader has another serial number is known as the new one") {
    RemoteBoard remote;
    remote.connect();
    const OneNano tree;
    tree.plug("ttyACM1", "2341:005a", "B007");
    tree.plug("ttyACM3", "2341:805a", "BEEF", remote.line().path());
    fs::rename(tree.root() / "sys/class/tty/ttyACM3", tree.root() / "hidden/ttyACM3");
    const StandInCli cli(fmt::format("{}; {}", hide(tree, "ttyACM1"), show(tree, "ttyACM3")));
    BoardSearch search = tree.search(10s);
    search.wanted_port = tree.port("ttyACM1");
    CHECK(mcu::upload_sketch(mcu::nano33ble(), "/tmp/sine", build_folder(), search).info().hash ==
          remote.hash());
  }

  TEST_CASE("a port of no known device is opened again under its own name") {
    RemoteBoard remote;
    remote.connect();
    const StandInCli cli("true");
    const BoardSearch search{.wanted_port = remote.line().path(), .patience = 10s};
    CHECK(mcu::upload_sketch(mcu::nano33ble(), "/tmp/sine", build_folder(), search).info().hash ==
          remote.hash());
    CHECK(mcu::connect_board(mcu::nano33ble(), search).info().hash == remote.hash());
  }
}
