#include "mcu/flash_nano33ble.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <thread>

#include "mcu/process.h"
#include "mcu/serial_port.h"

namespace pare::mcu {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBoardName = "arduino:mbed_nano:nano33ble";  // to arduino-cli, its FQBN
constexpr std::chrono::milliseconds kTimeOut = std::chrono::seconds(5);

std::string require_arduino_cli() {
  if (const auto program = find_program("arduino-cli")) return program->string();
  throw std::runtime_error(
      "arduino-cli was not found in PATH; get it from "
      "https://docs.arduino.cc/arduino-cli/installation (Debian has no package), then run "
      "'arduino-cli core install arduino:mbed_nano'");
}

bool says(const ProcessResult& result, std::string_view words) {
  return result.output.find(words) != std::string::npos;
}

void compile(const std::string& arduino_cli, const fs::path& sketch, const fs::path& build) {
  const ProcessResult result = run_process(
      {arduino_cli, "compile", "-b", kBoardName, "--build-path", build.string(), sketch.string()});
  if (result.exit_code == 0) {
    if (fs::exists(build) && !fs::is_empty(build)) return;
    throw std::runtime_error(
        fmt::format("arduino-cli says that it has compiled {}, but has written nothing; is {} the "
                    "real one?",
                    sketch.filename().string(), arduino_cli));
  }
  if (says(result, "platform not installed")) {
    throw std::runtime_error(
        "arduino-cli has no core for the Nano 33 BLE; run 'arduino-cli core update-index' and "
        "'arduino-cli core install arduino:mbed_nano'");
  }
  throw std::runtime_error(
      fmt::format("arduino-cli cannot compile {}:\n{}", sketch.filename().string(), result.output));
}

void upload(const std::string& arduino_cli, const fs::path& build, const fs::path& port) {
  const ProcessResult result = run_process({arduino_cli, "upload", "-b", kBoardName, "-p",
                                            port.string(), "--input-dir", build.string()});
  if (result.exit_code == 0) return;
  if (says(result, "ermission denied")) throw cannot_open(port, EACCES);
  if (says(result, "busy")) throw cannot_open(port, EBUSY);
  throw std::runtime_error(
      fmt::format("the upload to {} failed; press the board's reset button twice, so that its "
                  "bootloader stays, and flash again. arduino-cli says:\n{}",
                  port.string(), result.output));
}

/// The port of `board` with its new sketch, if it is back: under its serial number or, as a
/// bootloader may have another one, under one that was not there before.
std::optional<fs::path> port_after_upload(const UsbPort& board,
                                          const std::vector<UsbPort>& ports_before,
                                          const fs::path& root) {
  if (board.usb_id.empty()) {  // known by its path alone
    return fs::exists(board.device) ? std::optional(board.device) : std::nullopt;
  }
  std::vector<UsbPort> sketches = list_usb_ports(root);
  std::erase_if(sketches, [](const UsbPort& p) { return nano_state(p) != NanoState::sketch; });
  for (const UsbPort& port : sketches) {
    if (port.serial_number == board.serial_number) return port.device;
  }
  for (const UsbPort& port : sketches) {
    const bool new_here = std::none_of(
        ports_before.begin(), ports_before.end(),
        [&](const UsbPort& before) { return before.serial_number == port.serial_number; });
    if (new_here) return port.device;
  }
  return std::nullopt;
}

}  // namespace

BoardClient flash_nano33ble(const fs::path& sketch_folder, const fs::path& build_folder,
                            const BoardSearch& search) {
  const std::string arduino_cli = require_arduino_cli();
  const UsbPort board = choose_nano(search.wanted_port, search.root);
  if (::access(board.device.c_str(), R_OK | W_OK) != 0) throw cannot_open(board.device, errno);
  compile(arduino_cli, sketch_folder, build_folder);
  const std::vector<UsbPort> ports_before = list_usb_ports(search.root);
  upload(arduino_cli, build_folder, board.device);

  const auto deadline = std::chrono::steady_clock::now() + search.patience;
  std::string why = "its port did not come back";
  do {
    try {
      if (const auto port = port_after_upload(board, ports_before, search.root)) {
        return BoardClient(SerialLink(open_serial_port(*port)), kTimeOut);
      }
    } catch (const std::runtime_error& error) {
      why = error.what();  // such as a port whose permissions are not yet set
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  } while (std::chrono::steady_clock::now() < deadline);
  throw std::runtime_error(fmt::format(
      "the sketch was uploaded, but within {:.0f} s the board did not answer: {}; press its reset "
      "button once, and twice before flashing again if that does not help",
      std::chrono::duration<double>(search.patience).count(), why));
}

BoardClient connect_nano33ble(const BoardSearch& search) {
  const UsbPort board = choose_nano(search.wanted_port, search.root);
  if (nano_state(board) == NanoState::bootloader) {
    throw std::runtime_error(
        fmt::format("the board at {} is in its bootloader; './pare flash' gives it a sketch, or "
                    "its reset button, pressed once, starts the one that it has",
                    board.device.string()));
  }
  return BoardClient(SerialLink(open_serial_port(board.device)), kTimeOut);
}

}  // namespace pare::mcu
