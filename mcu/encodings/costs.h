#pragma once

#include <span>
#include <string_view>

namespace pare::mcu {

/// What one of something takes, as `./pare bench costs` measured it on the emulated board.
struct Price {
  std::string_view owner;  ///< an encoding, "function" or "model"
  std::string_view of;  ///< a Count of the encoding, "layer", a function, or a part of all models
  double each;
};

/// Bytes of flash beside the arrays: machine code as linked under -Os, constants, call sites.
std::span<const Price> code_prices();

/// Cycles of one inference on the Cortex-M4, with the charge for data that is read from flash.
std::span<const Price> cycle_prices();

/// How far the sums of these prices were from what was measured, in nineteen of twenty models.
extern const double kCodeErrorBytes;
extern const double kCyclesError;  ///< relative

}  // namespace pare::mcu
