#include "mcu/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <utility>

#include "mcu/file_descriptor.h"

namespace pare::mcu {
namespace {

/// Of a child that somebody else has reaped, as where SIGCHLD is ignored.
constexpr int kUnknownExitCode = 255;

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Runs in the child of a process that may have other threads: nothing but system calls.
[[noreturn]] void become(char* const* argv, Streams streams, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const std::array<int, 3> sources = {streams.input, streams.output, streams.error};
  for (int target = 0; target < 3; ++target) {
    const int source = sources[static_cast<std::size_t>(target)];
    ::dup2(source < 0 ? nothing : source, target);
  }
  ::execv(argv[0], argv);
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
  std::vector<char*> pointers;
  for (const std::string& argument : argv) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) {
    throw std::runtime_error("cannot start " + argv[0] + ": " + std::strerror(errno));
  }
  if (pid_ == 0) become(pointers.data(), streams, parent);
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
  ::kill(pid_, SIGKILL);
  wait();
}

int ChildProcess::wait() {
  int status = 0;
  while (!exit_code_) {
    const pid_t ended = ::waitpid(pid_, &status, 0);
    if (ended == pid_) exit_code_ = exit_code_of(status);
    if (ended < 0 && errno != EINTR) exit_code_ = kUnknownExitCode;
  }
  return *exit_code_;
}

std::optional<int> ChildProcess::wait_for(std::chrono::milliseconds time_out) {
  const auto deadline = std::chrono::steady_clock::now() + time_out;
  int status = 0;
  while (!exit_code_) {
    const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
    if (ended == pid_) {
      exit_code_ = exit_code_of(status);
    } else if (ended < 0 && errno != EINTR) {
      exit_code_ = kUnknownExitCode;
    } else if (std::chrono::steady_clock::now() >= deadline) {
      break;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  return exit_code_;
}

ProcessResult run_process(const std::vector<std::string>& argv) {
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
  for (;;) {
    const ssize_t count = ::read(from_child.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    result.output.append(buffer.data(), static_cast<std::size_t>(count));
  }
  result.exit_code = child.wait();
  return result;
}

}  // namespace pare::mcu
