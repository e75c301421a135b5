#pragma once

#include <string>
#include <vector>

#include "bench/table.h"
#include "mcu/boards/board.h"
#include "mcu/emulator/timing/cycle_model.h"
#include "nn/model.h"

namespace pare::bench {

/// What one inference of `model`, encoded for speed, costs on an emulated board, compiled as the
/// board's Arduino core does; the most of several inputs. `portable`: with the kernels' portable
/// C++ instead of what is written for the board's core. Throws std::runtime_error if an output is
/// not the reference's, or a tool is missing.
mcu::Timing measure_on(const mcu::Board& board, const nn::Model& model, bool portable);

/// Cycles, or instructions where the emulator counts no cycles, of dense int8 layers on every
/// emulated board, over their multiply-accumulates, by the portable C++ and by the kernels of the
/// board's core. Throws as measure_on does.
Table core_table();

}  // namespace pare::bench
