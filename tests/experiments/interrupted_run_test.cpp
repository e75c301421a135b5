#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
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
std::vector<pid_t> find_processes(const std::string& program, const std::string& word) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::string command(4096, '\0');
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    file.read(command.data(), static_cast<std::streamsize>(command.size()));  // or it has ended
    command.resize(static_cast<std::size_t>(file.gcount()));
    const bool ours = command.substr(0, command.find('\0')).ends_with(program) &&
                      command.find(word) != std::string::npos;
    if (ours) found.push_back(std::stoi(entry.path().filename().string()));
  }
  return found;
}

std::size_t count_processes(const std::string& program, const std::string& word) {
  return find_processes(program, word).size();
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

TEST_CASE("run that a signal ends says so, leaves no process and no folder, and earlier results" *
          doctest::test_suite("slow")) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) {
    CAPTURE(signal);
    const tests::ResultsFolder results;
    const auto before = contents(results.path());
    const std::string temporary = results.beside("temporary");
    fs::create_directory(temporary);
    const std::string config = results.beside("sample.toml");
    std::ofstream(config) << tests::kSampleConfig;
    // A compiler that has left a file and started another program, and needs for ever.
    const std::string compiler = results.beside("arm-none-eabi-g++");
    std::ofstream(compiler) << "#!/bin/sh\ncase $1 in --version) exit 0;; esac\n"
                               "touch $TMPDIR/cc1plus.s; sh -c \"sleep 1000; : $TMPDIR\"; true\n";
    fs::permissions(compiler, fs::perms::owner_all);
    const std::string errors = results.beside("errors");
    const mcu::FileDescriptor error_file(::open(errors.c_str(), O_WRONLY | O_CREAT, 0600));
    mcu::ChildProcess run(
        {mcu::find_program("env").value().string(), "-C", results.beside(""), "TMPDIR=" + temporary,
         "PATH=" + results.beside("") + ":" + std::getenv("PATH"), PARE_PROGRAM, "run", config,
         "--out", results.path()},
        {.error = error_file.get()});
    REQUIRE(holds_soon([&] { return count_processes("sh", "sleep 1000; : " + temporary) > 0; }));
    // The oldest: a child that is about to become a compiler looks like its parent for a moment.
    const std::vector<pid_t> programs = find_processes(PARE_PROGRAM, results.path());
    REQUIRE(!programs.empty());
    ::kill(*std::min_element(programs.begin(), programs.end()), signal);
    CHECK(run.wait_for(std::chrono::seconds(60)) == 128 + signal);
    CHECK(read_file(errors) == "\npare: interrupted; earlier results are as they were\n");
    CHECK(count_processes("", temporary) == 0);
    CHECK(fs::is_empty(temporary));
    CHECK(contents(results.path()) == before);
  }
}

TEST_CASE("a signal that is ignored, as nohup has it, ends nothing") {
  const tests::ResultsFolder results;
  const mcu::ProcessResult result =
      mcu::run_process({mcu::find_program("sh").value().string(), "-c",
                        "trap '' HUP; \"$0\" export \"$@\" & kill -HUP $!; wait $!", PARE_PROGRAM,
                        results.path(), "int8", "--to", results.beside("sketch")});
  CHECK(result.exit_code == 0);
}

TEST_CASE("folders of processes that were killed go with a later one, those of others stay") {
  const tests::ResultsFolder results;
  const fs::path temporary = results.beside("temporary");
  for (const char* name :
       {"pare-killed/children", "pare-living/children", "pare-nobodys", "killed"}) {
    fs::create_directories(temporary / name);
  }
  for (const char* name : {"pare-killed/lock", "pare-living/lock", "killed/lock"}) {
    std::ofstream(temporary / name) << "";
  }
  const mcu::FileDescriptor lock(
      ::open((temporary / "pare-living/lock").c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(::flock(lock.get(), LOCK_EX) == 0);
  const mcu::ProcessResult result = mcu::run_process(
      {mcu::find_program("env").value().string(), "TMPDIR=" + temporary.string(), PARE_PROGRAM,
       "export", results.path(), "int8", "--to", results.beside("sketch")});
  CHECK(result.exit_code == 0);
  std::set<std::string> left;
  for (const auto& entry : fs::directory_iterator(temporary)) {
    left.insert(entry.path().filename().string());
  }
  CHECK(left == std::set<std::string>{"pare-living", "pare-nobodys", "killed"});
}
