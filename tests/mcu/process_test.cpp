#include "mcu/process.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "mcu/temporary_folder.h"
#include "tests/helpers.h"

using namespace pare::mcu;
namespace fs = std::filesystem;

namespace {

ProcessResult run_shell(const std::string& script,
                        std::chrono::seconds limit = std::chrono::seconds(60)) {
  return run_process({find_program("sh").value(), "-c", script}, limit);
}

/// Whether a process is there for longer than a killed one takes to go.
bool lives(const std::string& pid) {
  for (int i = 0; i < 200; ++i) {
    if (!fs::exists("/proc/" + pid + "/exe")) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace

TEST_CASE("a process gives its exit code and all that it printed") {
  const ProcessResult result = run_shell("echo out; echo err >&2; exit 3");
  CHECK(result.exit_code == 3);
  CHECK(result.output == "out\nerr\n");
  CHECK(!find_program("no-such-program-here"));
}

TEST_CASE("a process that takes too long is stopped, with all that it started, and named") {
  const pare::tests::Folder folder;
  const std::string pid = (folder.path() / "pid").string();
  const std::string shell = find_program("sh").value().string();
  CHECK_THROWS_WITH(
      run_shell("sleep 1000 & echo -n $! > " + pid + "; wait", std::chrono::seconds(1)),
      (shell + " did not end within 1 s and was stopped; if it only needs longer, set "
               "PARE_TOOL_SECONDS to more seconds")
          .c_str());
  CHECK_FALSE(lives(pare::tests::read_file(pid)));
}

TEST_CASE("what a process leaves running ends with it, and is not waited for") {
  const auto begin = std::chrono::steady_clock::now();
  const ProcessResult result = run_shell("sleep 1000 & echo -n $!");
  CHECK(result.exit_code == 0);
  CHECK_FALSE(lives(result.output));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(30));
}

TEST_CASE("a child has a group of its own, no signal blocked, and its TMPDIR inside ours") {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const ProcessResult mask = run_shell("grep SigBlk /proc/self/status");
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  CHECK(mask.output == "SigBlk:\t0000000000000000\n");
  CHECK(run_shell("test $(cut -d ' ' -f 5 /proc/$$/stat) = $$").exit_code == 0);
  const TemporaryFolder ours;
  const fs::path root = ours.path().parent_path();
  CHECK(run_shell("touch $TMPDIR/left && echo -n $TMPDIR").output == (root / "children").string());
  CHECK(fs::exists(root / "children/left"));
}

TEST_CASE("how long tools may take is ten minutes, or what a variable says") {
  CHECK(tool_time_limit() == std::chrono::minutes(10));
  for (const char* text : {"", "0", "-1", "1.5", "soon", "99999999999999999999"}) {
    CAPTURE(text);
    ::setenv("PARE_TOOL_SECONDS", text, 1);
    CHECK_THROWS_WITH(tool_time_limit(), ("PARE_TOOL_SECONDS = '" + std::string(text) +
                                          "' is not a number of seconds above 0")
                                             .c_str());
  }
  ::setenv("PARE_TOOL_SECONDS", "1800", 1);
  CHECK(tool_time_limit() == std::chrono::minutes(30));
  ::unsetenv("PARE_TOOL_SECONDS");
}
