#pragma once

#include <fcntl.h>

#include <chrono>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "build_paths.h"
#include "mcu/file_descriptor.h"
#include "mcu/process.h"
#include "tests/helpers.h"

namespace pare::tests {

/// What the built program did.
struct ProgramResult {
  int exit_code;
  std::string out;
  std::string err;
};

/// Runs the built program to its end in a folder of its own or `in`, with `path` as PATH unless it
/// is empty. Throws std::runtime_error if it takes over two minutes.
inline ProgramResult run_pare(const std::vector<std::string>& arguments,
                              const std::string& path = {}, const std::string& in = {}) {
  const Folder folder;
  std::vector<std::string> argv{mcu::find_program("env").value().string(), "-C",
                                in.empty() ? folder.path().string() : in};
  if (!path.empty()) argv.push_back("PATH=" + path);
  argv.emplace_back(PARE_PROGRAM);
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  const auto create = [&](const char* name) {
    return ::open((folder.path() / name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  };
  const mcu::FileDescriptor out(create("out"));
  const mcu::FileDescriptor err(create("err"));
  mcu::ChildProcess program(argv, {.output = out.get(), .error = err.get()});
  const std::optional<int> exit_code = program.wait_for(std::chrono::minutes(2));
  if (!exit_code) throw std::runtime_error("the program does not end: " + arguments.at(0));
  return {*exit_code, read_file(folder.path() / "out"), read_file(folder.path() / "err")};
}

/// What a run says on stderr besides the line that each variant has when it is finished.
inline std::string other_lines(const std::string& err) {
  std::istringstream lines(err);
  std::string others;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" B of weights, ") == std::string::npos) others += line + "\n";
  }
  return others;
}

/// What the program says on stderr, if it refuses as it should: a non-zero exit code and nothing on
/// stdout.
inline std::string refusal(const std::vector<std::string>& arguments,
                           const std::string& path = {}) {
  const ProgramResult result = run_pare(arguments, path);
  if (result.exit_code == 0) return "it succeeded";
  if (!result.out.empty()) return "stdout is not empty: " + result.out;
  return result.err;
}

}  // namespace pare::tests
