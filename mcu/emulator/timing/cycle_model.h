#pragma once

#include <cstdint>
#include <optional>

#include "mcu/emulator/timing/thumb_decoder.h"

namespace pare::mcu {

/// What a piece of a program cost. `cycles` is an estimate at zero wait states; reads of data that
/// lies in flash cost more on a real part, and `flash_data_words` is what to charge for: one for
/// each bus word that a load touched, so four byte loads of one word are four.
struct Timing {
  std::uint64_t instructions = 0;
  std::uint64_t cycles = 0;
  std::uint64_t flash_data_words = 0;
};

/// Estimates the cycles of a Cortex-M4F from the instructions that it executes, in their order.
/// An instruction whose IT condition fails is charged as if it had run, the entry and return of an
/// exception and contention on the bus are not charged, and a division costs a fixed middle figure.
/// Source: Cortex-M4 Technical Reference Manual (ARM DDI 0439), table 3-1, "Load/store timings" and
/// table 7-1.
class CycleModel {
 public:
  /// Counts one executed instruction; a gap after the previous one means that it branched here.
  void execute(std::uint32_t address, const Instruction& instruction);

  /// Ends the count at this instruction, which is not counted itself but decides what the branch to
  /// it cost.
  Timing finish(std::uint32_t address, const Instruction& instruction);

  void add_flash_data_words(std::uint64_t words) { timing_.flash_data_words += words; }

  const Timing& timing() const { return timing_; }

 private:
  struct Executed {
    std::uint32_t next_address;
    Instruction instruction;
  };

  void arrive(std::uint32_t address, const Instruction& instruction);

  Timing timing_;
  std::optional<Executed> previous_;
};

}  // namespace pare::mcu
