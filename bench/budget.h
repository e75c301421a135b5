#pragma once

#include <string>

#include "bench/row.h"
#include "mcu/encodings/choice.h"

namespace pare::bench {

/// What a variant may take at most; 0 sets no limit but the board's own.
struct Budget {
  double flash_bytes = 0;
  double ram_bytes = 0;
  double cycles = 0;  ///< the estimate with the charge for data that is read from flash
};

/// What encodings are chosen for within a budget.
mcu::Goal goal_within(const Budget& budget, mcu::Optimize optimize);

/// What of `figures` is more than `budget` allows, as "flash 980 > 900, RAM 64 > 32"; empty if
/// nothing is. A number that was not measured is not over.
std::string find_excess(const BoardRow& figures, const Budget& budget);

}  // namespace pare::bench
