#pragma once

#include <cstddef>
#include <optional>

namespace pare::experiments {

/// Columns of the terminal that an open file leads to; nothing if it is no terminal.
std::optional<std::size_t> terminal_width(int file);

}  // namespace pare::experiments
