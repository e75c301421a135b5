#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <thread>

#include "build_paths.h"
#include "tests/experiments/program.h"
#include "tests/experiments/sample_results.h"

using namespace pare;
namespace fs = std::filesystem;
using tests::read_file;

namespace {

std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files[entry.path().string()] = read_file(entry.path());
  }
  return files;
}

/// Running processes of this machine that have both words in their command lines.
int count_processes(const std::string& program, const std::string& word) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::string command(4096, '\0');
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    file.read(command.data(), static_cast<std::streamsize>(command.size()));  // or it has ended
    command.resize(static_cast<std::size_t>(file.gcount()));
    const bool ours = command.substr(0, command.find('\0')).ends_with(program) &&
                      command.find(word) != std::string::npos;
    count += ours ? 1 : 0;
  }
  return count;
}

/// True as soon as `condition` holds, false if it does not within two minutes.
bool holds_soon(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace

TEST_CASE("run that is killed leaves the earlier results whole, and no emulator behind" *
          doctest::test_suite("slow")) {
  const tests::ResultsFolder results;
  const auto before = contents(results.path());
  const std::string temporary = results.beside("temporary");
  fs::create_directory(temporary);
  const std::string config = results.beside("sample.toml");
  std::ofstream(config) << tests::kSampleConfig;
  const auto emulators = [&] { return count_processes("qemu-system-arm", temporary); };
  {
    const mcu::ChildProcess run(
        {mcu::find_program("env").value().string(), "-C", results.beside(""), "TMPDIR=" + temporary,
         PARE_PROGRAM, "run", config, "--out", results.path()},
        {});
    REQUIRE(holds_soon([&] { return emulators() > 0; }));
  }  // killed with SIGKILL
  CHECK(holds_soon([&] { return emulators() == 0; }));
  CHECK(contents(results.path()) == before);
  CHECK(
      holds_soon([&] { return count_processes("", temporary) == 0; }));  // the compiler's children
}

TEST_CASE("run that is interrupted says so, tidies up and leaves the earlier results whole" *
          doctest::test_suite("slow")) {
  const tests::ResultsFolder results;
  const auto before = contents(results.path());
  const std::string temporary = results.beside("temporary");
  fs::create_directory(temporary);
  const std::string config = results.beside("sample.toml");
  std::ofstream(config) << tests::kSampleConfig;
  // `timeout` sends SIGINT after a time that falls into the board's measurements.
  const mcu::ProcessResult run =
      mcu::run_process({mcu::find_program("timeout").value().string(), "--signal=INT", "0.4", "env",
                        "-C", results.beside(""), "TMPDIR=" + temporary, PARE_PROGRAM, "run",
                        config, "--set", "train.epochs=1000000", "--out", results.path()});
  CHECK(run.exit_code == 124);  // of `timeout`, once the program has ended
  CHECK(run.output == "\npare: interrupted; earlier results are as they were\n");
  CHECK(fs::is_empty(temporary));
  CHECK(contents(results.path()) == before);
}
