#include "mcu/upload.h"

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

constexpr std::chrono::milliseconds kTimeOut = std::chrono::seconds(5);

/// How arduino-cli gets the core of a board.
std::string core_installation(const Board& board) {
  const std::string url = board.upload.index_url.empty()
                              ? ""
                              : fmt::format(" --additional-urls {}", board.upload.index_url);
  return fmt::format("'arduino-cli core install {}{}'", board.upload.core, url);
}

std::string require_arduino_cli(const Board& board) {
  if (const auto program = find_program("arduino-cli")) return program->string();
  throw std::runtime_error(
      fmt::format("arduino-cli was not found in PATH; get it from "
                  "https://docs.arduino.cc/arduino-cli/installation (Debian has no package), then "
                  "run {}",
                  core_installation(board)));
}

bool says(const ProcessResult& result, std::string_view words) {
  return result.output.find(words) != std::string::npos;
}

void compile(const std::string& arduino_cli, const Board& board, const fs::path& sketch,
             const fs::path& build) {
  const ProcessResult result =
      run_process({arduino_cli, "compile", "-b", std::string(board.upload.fqbn), "--build-path",
                   build.string(), sketch.string()});
  if (result.exit_code == 0) {
    if (fs::exists(build) && !fs::is_empty(build)) return;
    throw std::runtime_error(
        fmt::format("arduino-cli says that it has compiled {}, but has written nothing; is {} the "
                    "real one?",
                    sketch.filename().string(), arduino_cli));
  }
  if (says(result, "platform not installed")) {
    throw std::runtime_error(fmt::format(
        "arduino-cli has no core for the {}; run 'arduino-cli core update-index' and {}",
        board.title, core_installation(board)));
  }
  throw std::runtime_error(
      fmt::format("arduino-cli cannot compile {}:\n{}", sketch.filename().string(), result.output));
}

void upload(const std::string& arduino_cli, const Board& board, const fs::path& build,
            const fs::path& port) {
  const ProcessResult result =
      run_process({arduino_cli, "upload", "-b", std::string(board.upload.fqbn), "-p", port.string(),
                   "--input-dir", build.string()});
  if (result.exit_code == 0) return;
  if (says(result, "ermission denied")) throw cannot_open(port, EACCES);
  if (says(result, "busy")) throw cannot_open(port, EBUSY);
  throw std::runtime_error(
      fmt::format("the upload to {} failed; {}, so that its bootloader stays, and flash again. "
                  "arduino-cli says:\n{}",
                  port.string(), board.upload.bootloader_advice, result.output));
}

/// The port of the board that was at `used` with its new sketch, if it is back: under its serial
/// number or, as a bootloader may have another one, under one that was not there before.
std::optional<fs::path> port_after_upload(const Board& board, const UsbPort& used,
                                          const std::vector<UsbPort>& ports_before,
                                          const fs::path& root) {
  if (used.usb_id.empty()) {  // known by its path alone
    return fs::exists(used.device) ? std::optional(used.device) : std::nullopt;
  }
  std::vector<UsbPort> sketches = list_usb_ports(root);
  std::erase_if(sketches,
                [&](const UsbPort& p) { return port_state(p, board) != PortState::sketch; });
  for (const UsbPort& port : sketches) {
    if (port.serial_number == used.serial_number) return port.device;
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

BoardClient upload_sketch(const Board& board, const fs::path& sketch_folder,
                          const fs::path& build_folder, const BoardSearch& search) {
  const std::string arduino_cli = require_arduino_cli(board);
  const UsbPort used = choose_port(board, search.wanted_port, search.root);
  if (::access(used.device.c_str(), R_OK | W_OK) != 0) throw cannot_open(used.device, errno);
  compile(arduino_cli, board, sketch_folder, build_folder);
  const std::vector<UsbPort> ports_before = list_usb_ports(search.root);
  upload(arduino_cli, board, build_folder, used.device);

  const auto deadline = std::chrono::steady_clock::now() + search.patience;
  std::string why = "its port did not come back";
  do {
    try {
      if (const auto port = port_after_upload(board, used, ports_before, search.root)) {
        return BoardClient(SerialLink(open_serial_port(*port)), kTimeOut);
      }
    } catch (const std::runtime_error& error) {
      why = error.what();  // such as a port whose permissions are not yet set
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  } while (std::chrono::steady_clock::now() < deadline);
  throw std::runtime_error(fmt::format(
      "the sketch was uploaded, but within {:.0f} s the board did not answer: {}; press its reset "
      "button once, and before flashing again {} if that does not help",
      std::chrono::duration<double>(search.patience).count(), why, board.upload.bootloader_advice));
}

BoardClient connect_board(const Board& board, const BoardSearch& search) {
  const UsbPort used = choose_port(board, search.wanted_port, search.root);
  if (port_state(used, board) == PortState::bootloader) {
    throw std::runtime_error(
        fmt::format("the board at {} is in its bootloader; './pare flash' gives it a sketch, or "
                    "its reset button, pressed once, starts the one that it has",
                    used.device.string()));
  }
  return BoardClient(SerialLink(open_serial_port(used.device)), kTimeOut);
}

}  // namespace pare::mcu
