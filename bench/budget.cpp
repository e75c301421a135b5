#include "bench/budget.h"

#include <fmt/format.h>

namespace pare::bench {

mcu::Goal goal_within(const Budget& budget, mcu::Optimize optimize) {
  return {optimize, budget.flash_bytes, budget.cycles};
}

std::string find_excess(const BoardRow& figures, const Budget& budget) {
  std::string excess;
  const auto compare = [&excess](const char* what, const Number& number, double limit) {
    if (limit == 0 || !number || *number <= limit) return;
    excess += fmt::format("{}{} {:.0f} > {:.0f}", excess.empty() ? "" : ", ", what, *number, limit);
  };
  compare("flash", figures.flash_bytes, budget.flash_bytes);
  compare("RAM", figures.ram_bytes, budget.ram_bytes);
  compare("cycles", figures.flash_cycles_estimate, budget.cycles);
  return excess;
}

}  // namespace pare::bench
