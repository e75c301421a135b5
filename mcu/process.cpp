#include "mcu/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include "mcu/file_descriptor.h"
#include "mcu/temporary_folder.h"

namespace pare::mcu {
namespace {

/// Of a child that somebody else has reaped, as where SIGCHLD is ignored.
constexpr int kUnknownExitCode = 255;

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Output beyond this is dropped: nobody reads it, and it would fill the memory.
constexpr std::size_t kLongestOutput = 64 << 20;

/// Process groups of the children that are not reaped yet: their numbers belong to nobody else.
struct Living {
  std::mutex mutex;
  std::set<pid_t> groups;
};

Living& living() {
  static Living instance;
  return instance;
}

/// This process's environment with another TMPDIR.
std::vector<std::string> environment_of_children() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with("TMPDIR=")) variables.emplace_back(*variable);
  }
  variables.push_back("TMPDIR=" + TemporaryFolder::of_children().string());
  return variables;
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// Runs in the child of a process that may have other threads: nothing but system calls.
[[noreturn]] void become(char* const* argv, char* const* environment, Streams streams,
                         pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const std::array<int, 3> sources = {streams.input, streams.output, streams.error};
  for (int target = 0; target < 3; ++target) {
    const int source = sources[static_cast<std::size_t>(target)];
    ::dup2(source < 0 ? nothing : source, target);
  }
  ::execve(argv[0], argv, environment);
  ::_exit(127);
}

}  // namespace

std::optional<std::filesystem::path> find_program(std::string_view name) {
  const char* variable = std::getenv("PATH");
  std::string_view rest = variable == nullptr ? "" : variable;
  while (!rest.empty()) {
    const std::size_t length = std::min(rest.find(':'), rest.size());
    const std::filesystem::path candidate = std::filesystem::path(rest.substr(0, length)) / name;
    std::error_code missing;
    if (std::filesystem::is_regular_file(candidate, missing) &&
        ::access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
    rest.remove_prefix(std::min(length + 1, rest.size()));
  }
  return std::nullopt;
}

std::filesystem::path require_program(std::string_view name, std::string_view debian_package) {
  if (std::optional<std::filesystem::path> program = find_program(name)) return *program;
  throw std::runtime_error(std::string(name) +
                           " was not found in PATH; install the Debian package " +
                           std::string(debian_package) + ", or run './pare doctor'");
}

ChildProcess::ChildProcess(const std::vector<std::string>& argv, Streams streams) {
  const std::vector<std::string> variables = environment_of_children();
  const std::vector<char*> arguments = pointers_to(argv);
  const std::vector<char*> environment = pointers_to(variables);
  const pid_t parent = ::getpid();
  const std::lock_guard lock(living().mutex);
  pid_ = ::fork();
  if (pid_ < 0) {
    throw std::runtime_error("cannot start " + argv[0] + ": " + std::strerror(errno));
  }
  if (pid_ == 0) become(arguments.data(), environment.data(), streams, parent);
  ::setpgid(pid_, pid_);  // whichever of the two comes first
  living().groups.insert(pid_);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), exit_code_(other.exit_code_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(exit_code_, other.exit_code_);
  return *this;
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0 || exit_code_) return;
  ::kill(-pid_, SIGKILL);
  wait();
}

/// Leaves it to reap() to take the exit code: until then no other process has this number.
bool ChildProcess::has_ended(int options) {
  for (;;) {
    siginfo_t info = {};
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT | options) == 0) {
      return info.si_pid == pid_;
    }
    if (errno != EINTR) return true;
  }
}

void ChildProcess::reap() {
  const std::lock_guard lock(living().mutex);
  ::kill(-pid_, SIGKILL);  // what it has left running
  int status = 0;
  const bool reaped = ::waitpid(pid_, &status, 0) == pid_;
  exit_code_ = reaped ? exit_code_of(status) : kUnknownExitCode;
  living().groups.erase(pid_);
}

int ChildProcess::wait() {
  if (!exit_code_ && has_ended(0)) reap();
  return *exit_code_;
}

std::optional<int> ChildProcess::wait_for(std::chrono::milliseconds time_out) {
  const auto deadline = std::chrono::steady_clock::now() + time_out;
  while (!exit_code_) {
    if (has_ended(WNOHANG)) {
      reap();
    } else if (std::chrono::steady_clock::now() >= deadline) {
      break;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  return exit_code_;
}

void ChildProcess::kill_all() {
  living().mutex.lock();  // and never unlocked
  for (const pid_t group : living().groups) ::kill(-group, SIGKILL);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  for (const pid_t group : living().groups) {
    ::waitpid(group, nullptr, 0);
    while (::kill(-group, 0) == 0 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

std::chrono::seconds tool_time_limit() {
  const char* variable = std::getenv("PARE_TOOL_SECONDS");
  if (variable == nullptr) return std::chrono::minutes(10);
  const std::string_view text = variable;
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds == 0) {
    throw std::invalid_argument("PARE_TOOL_SECONDS = '" + std::string(text) +
                                "' is not a number of seconds above 0");
  }
  return std::chrono::seconds(seconds);
}

ProcessResult run_process(const std::vector<std::string>& argv, std::chrono::seconds limit) {
  using std::chrono::milliseconds;
  constexpr milliseconds kLook{100};
  const auto deadline = std::chrono::steady_clock::now() + limit;
  const auto left = [&deadline] {
    const auto time = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    return std::max(time, milliseconds(0));
  };
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    throw std::runtime_error("cannot make a pipe for " + argv[0] + ": " + std::strerror(errno));
  }
  FileDescriptor from_child(ends[0]);
  FileDescriptor to_parent(ends[1]);
  ChildProcess child(argv, {.output = to_parent.get(), .error = to_parent.get()});
  to_parent.reset();

  ProcessResult result;
  std::array<char, 4096> buffer;
  while (left().count() > 0) {
    struct pollfd waited = {from_child.get(), POLLIN, 0};
    const int ready = ::poll(&waited, 1, static_cast<int>(std::min(left(), kLook).count()));
    // A program may have ended, and something that it started still hold its end of the pipe.
    if (ready == 0) child.wait_for(milliseconds(0));
    if (ready <= 0) continue;
    const ssize_t count = ::read(from_child.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    const std::size_t room = kLongestOutput - result.output.size();
    result.output.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
  }
  const std::optional<int> exit_code = child.wait_for(left());
  if (!exit_code) {
    throw std::runtime_error(argv[0] + " did not end within " + std::to_string(limit.count()) +
                             " s and was stopped; if it only needs longer, set PARE_TOOL_SECONDS "
                             "to more seconds");
  }
  result.exit_code = *exit_code;
  return result;
}

}  // namespace pare::mcu
