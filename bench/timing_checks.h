#pragma once

#include <string_view>

#include "bench/board_peers.h"
#include "bench/table.h"

namespace pare::bench {

/// A delay loop whose cycles are published: an iteration's instructions, label 1, its counter %0,
/// and what an iteration counts down by.
struct DelayLoop {
  std::string_view name;
  std::string_view assembly;
  int step;
  double published_cycles;  ///< of an iteration
};

/// Source: nrfx, nrfx_coredep.h (nrfx_coredep_delay_us).
constexpr DelayLoop kNrfxDelay{"nrfx's delay loop, one iteration", R"(subs %0, #3\n bhi 1b)", 3, 3};
/// Source: Mbed OS, mbed_wait_api_no_rtos.c (delay_loop).
constexpr DelayLoop kMbedWait{"Mbed's wait loop, one iteration",
                              R"(subs %0, #1\n nop\n nop\n bcs 1b)", 1, 5};

/// What the timing model makes of one iteration, run on the emulated board: the cycles of 1,616
/// without those of 16, so that all around the loop cancels out.
double cycles_per_iteration(const DelayLoop& loop);

/// The cycle model (mcu/emulator/timing/cycle_model.h) beside every published measurement that it
/// was compared with: those that settled one of its rules apart from those that only check it. The
/// delay loops are run here, CMSIS-NN's where `library` is no null; the others are recorded.
Table timing_table(const CmsisNn* library);

}  // namespace pare::bench
