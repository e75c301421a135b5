#pragma once

#include <cstddef>
#include <optional>

#include "bench/table.h"

namespace pare::experiments {

/// Columns of the terminal that an open file leads to; nothing if it is no terminal.
std::optional<std::size_t> terminal_width(int file);

/// Prints a table, as wide as the terminal if it goes to one.
void show_table(const bench::Table& table, bench::Format format);

}  // namespace pare::experiments
