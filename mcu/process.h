#pragma once
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pare::mcu {

/// The program `name` in PATH, if it is there and may be executed.
std::optional<std::filesystem::path> find_program(std::string_view name);

/// As find_program; throws std::runtime_error that names the Debian package when it is missing.
std::filesystem::path require_program(std::string_view name, std::string_view debian_package);

/// Where a child's standard streams lead: descriptors that the caller owns; -1 is /dev/null.
struct Streams {
  int input = -1;
  int output = -1;
  int error = -1;
};

/// A running program, in a process group of its own and with no signal blocked; its TMPDIR is
/// TemporaryFolder::of_children(). With the program ends all that it started in its group. It is
/// killed and reaped on destruction, and killed when the thread that started it ends.
class ChildProcess {
 public:
  /// Starts `argv`, of which the first is the program's path. Throws std::runtime_error when no
  /// process can be made; a path that cannot be executed shows as exit code 127.
  ChildProcess(const std::vector<std::string>& argv, Streams streams);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  /// The exit code; 128 plus the signal's number for a program that a signal ended.
  int wait();

  /// As wait(), but nothing when the program still runs after `time_out`.
  std::optional<int> wait_for(std::chrono::milliseconds time_out);

  /// Kills those that run now, for a program that is about to end without its destructors. Whoever
  /// starts another one afterwards waits for ever.
  static void kill_all();

 private:
  bool has_ended(int options);
  void reap();

  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

struct ProcessResult {
  int exit_code;
  std::string output;  // standard output and standard error as they came
};

/// How long a compiler or another tool may take: what the environment variable PARE_TOOL_SECONDS
/// says, or ten minutes. Throws std::invalid_argument if that is no number of seconds.
std::chrono::seconds tool_time_limit();

/// Runs `argv` to its end with no input. Throws std::runtime_error as ChildProcess does, and when
/// the program still runs after `limit`; it is then killed.
ProcessResult run_process(const std::vector<std::string>& argv,
                          std::chrono::seconds limit = tool_time_limit());

}  // namespace pare::mcu
