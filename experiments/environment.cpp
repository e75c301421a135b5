#include "experiments/environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>

#include "build_paths.h"
#include "mcu/boards/board.h"
#include "mcu/kernel/kernel_version.h"
#include "mcu/process.h"

namespace pare::experiments {
namespace {

using Json = nlohmann::json;

#if defined(__clang__)
constexpr const char* kCompiler = __VERSION__;
#else
constexpr const char* kCompiler = "GCC " __VERSION__;
#endif

Json processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return nullptr;
}

/// The first line that a command prints; null if it fails, or says nothing for long.
Json first_line(std::vector<std::string> command) {
  const auto program = mcu::find_program(command.front());
  if (!program) return nullptr;
  command.front() = program->string();
  try {
    const mcu::ProcessResult result =
        mcu::run_process(command, std::min(mcu::tool_time_limit(), std::chrono::seconds(20)));
    if (result.exit_code != 0) return nullptr;
    return result.output.substr(0, result.output.find('\n'));
  } catch (const std::runtime_error&) {  // it hangs
    return nullptr;
  }
}

Json commit() {
  return first_line({"git", "-C", PARE_SOURCE_DIR, "describe", "--always", "--dirty", "--abbrev=40",
                     "--exclude=*"});
}

/// What builds and runs each board here; null where it is missing.
Json board_tools() {
  Json tools;
  for (const mcu::Board* board : mcu::boards()) {
    if (board->emulator == nullptr) continue;
    tools[std::string(board->name)] = {
        {"compiler", first_line({std::string(board->toolchain->compiler), "--version"})},
        {"emulator", first_line({std::string(board->emulator->program), "--version"})}};
  }
  return tools;
}

}  // namespace

Json describe_environment() {
  return {{"processor", processor()},
          {"cores", std::thread::hardware_concurrency()},
          {"compiler", kCompiler},
          {"flags", PARE_FLAGS},
          {"same_bytes", PARE_SAME_BYTES != 0},
          {"commit", commit()},
          {"boards", board_tools()}};
}

std::string describe_version() {
  const Json id = commit();
  return fmt::format("pare {}\ncommit {}\nkernels {}\n{}, {}", PARE_VERSION,
                     id.is_null() ? "unknown: no git, or no repository" : id.get<std::string>(),
                     kKernelVersion, kCompiler, PARE_FLAGS);
}

}  // namespace pare::experiments
