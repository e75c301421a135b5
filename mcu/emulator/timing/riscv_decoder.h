#pragma once

#include "mcu/emulator/timing/thumb_decoder.h"

namespace pare::mcu {

/// What a count of instructions needs of the RV32IMC instruction whose first halfword is `first`:
/// its size, and whether it is a call, one that leaves the return address in ra. All others are
/// data_processing.
/// Source: The RISC-V Instruction Set Manual, volume I, 20191213, 2.5 and 16.5.
Instruction decode_riscv(std::uint16_t first);

}  // namespace pare::mcu
