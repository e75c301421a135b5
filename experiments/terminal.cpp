#include "experiments/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace pare::experiments {

std::optional<std::size_t> terminal_width(int file) {
  constexpr std::size_t kUsual = 80;  // of a terminal that does not say
  if (isatty(file) != 1) return std::nullopt;
  winsize size{};
  return ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : kUsual;
}

void show_table(const bench::Table& table, bench::Format format) {
  const std::size_t width = terminal_width(STDOUT_FILENO).value_or(bench::kNoLimit);
  fmt::print("{}", bench::format_table(table, format, width));
}

}  // namespace pare::experiments
