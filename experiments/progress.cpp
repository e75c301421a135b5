#include "experiments/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace pare::experiments {
namespace {
constexpr std::string_view kEraseLine = "\r\033[K";
}

Progress::Progress() : terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() { say(""); }

void Progress::say(std::string_view what) {
  if (!terminal_) return;
  const std::lock_guard lock(mutex_);
  fmt::print(stderr, "{}{}", kEraseLine, what);
  std::fflush(stderr);
}

}  // namespace pare::experiments
