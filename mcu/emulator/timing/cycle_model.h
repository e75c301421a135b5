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

  Timing& operator+=(const Timing& more) {
    instructions += more.instructions;
    cycles += more.cycles;
    flash_data_words += more.flash_data_words;
    return *this;
  }
  friend Timing operator-(const Timing& end, const Timing& begin) {
    return {end.instructions - begin.instructions, end.cycles - begin.cycles,
            end.flash_data_words - begin.flash_data_words};
  }
  friend bool operator==(const Timing&, const Timing&) = default;
};

/// Estimates the cycles of a Cortex-M4F from the instructions that it executes, in their order.
/// An instruction whose IT condition fails is charged as if it had run, the entry and return of an
/// exception and contention on the bus are not charged, and a division costs a fixed middle figure.
///
/// How far off it is, where cycles were published (model / measured).
/// Fitted, so that agreement shows nothing: nrfx's delay loop, 3 / 3 an iteration, settled the
/// refill of a taken branch, which ARM gives as 1 to 3; a 32-16-4 MLP by CMSIS-NN on an nRF52840,
/// 3,194 / 3,786 (-16 %), the charge of 2 cycles for a flash data word, with which it is 3,594
/// (-5 %).
/// Held out, so that agreement shows something: Mbed's wait loop 5 / 5; X25519 in assembly 546,554
/// / 548,873 (-0.4 %), on the FPU 478,574 / 476,275 (+0.5 %); P-256 on an nRF52840 -1.7 to -6.2 %.
/// `./pare bench timing` makes the loops again, and the MLP from a checkout of CMSIS-NN; the others
/// are programs of others that are not here.
/// Source: Cortex-M4 Technical Reference Manual (ARM DDI 0439), table 3-1, "Load/store timings" and
/// table 7-1.
class CycleModel {
 public:
  /// Counts one executed instruction; a gap after the previous one means that it branched here.
  void execute(std::uint32_t address, const Instruction& instruction);

  /// Charges what the branch to this instruction cost, if the previous one branched here. It is not
  /// counted itself: a count ends with this, and execute() begins with it.
  const Timing& arrive(std::uint32_t address, const Instruction& instruction);

  void add_flash_data_words(std::uint64_t words) { timing_.flash_data_words += words; }

  const Timing& timing() const { return timing_; }

 private:
  struct Executed {
    std::uint32_t next_address;
    Instruction instruction;
  };

  Timing timing_;
  std::optional<Executed> previous_;
};

}  // namespace pare::mcu
