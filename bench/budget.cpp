#include "bench/budget.h"

#include <fmt/format.h>

namespace pare::bench {

std::string find_excess(const Row& row, const Budget& budget) {
  std::string excess;
  const auto compare = [&excess](const char* what, const Row::Number& number, double limit) {
    if (limit == 0 || !number || *number <= limit) return;
    excess += fmt::format("{}{} {:.0f} > {:.0f}", excess.empty() ? "" : ", ", what, *number, limit);
  };
  compare("flash", row.flash_bytes, budget.flash_bytes);
  compare("RAM", row.ram_bytes, budget.ram_bytes);
  compare("cycles", row.cycles_estimate, budget.cycles);
  return excess;
}

}  // namespace pare::bench
