#pragma once

#include <cstdint>

namespace pare::mcu {

/// What decides how long a Cortex-M4 takes over an instruction. Instructions that always take the
/// same time share a class: multiplies are data_processing, a single VLDR is a load, LDRD, LDM, POP
/// and VLDM are load_multiple, STRD, STM, PUSH, VSTR and VSTM are store_multiple.
enum class InstructionClass : std::uint8_t {
  data_processing,
  divide,
  load,
  store_immediate,
  store_register,
  load_multiple,
  store_multiple,
  load_pc,
  branch,
  call,
  branch_indirect,
  table_branch,
  fp_move,
  fp_arithmetic,
  fp_multiply_accumulate,
  fp_divide,
  other,  ///< IT, hints, barriers, special registers, exceptions, other coprocessors
};

/// One decoded instruction. Masks hold bit n for core register Rn or for FP register Sn; a double
/// register is its two singles.
struct Instruction {
  std::uint8_t size_bytes = 2;
  InstructionClass kind = InstructionClass::other;
  /// Registers that travel to or from memory, or between the core and the FPU.
  std::uint8_t registers_moved = 0;
  /// Core registers that receive a result or loaded data; not the base of a write-back, not PC.
  std::uint16_t written = 0;
  /// Core registers that form the address of a load or store; not PC.
  std::uint16_t address = 0;
  std::uint32_t fp_written = 0;
  /// FP sources, without the addend of a multiply-accumulate, which is consumed a cycle later.
  std::uint32_t fp_read = 0;
};

/// Decodes the Thumb instruction whose first halfword is `first`. `second` is the halfword after it
/// and is ignored when the instruction is a 16-bit one. Encodings that ARMv7E-M leaves undefined
/// come out as some class with their right size.
/// Source: ARMv7-M Architecture Reference Manual (ARM DDI 0403), A5.1 to A5.3 and A6.4 to A6.7.
Instruction decode(std::uint16_t first, std::uint16_t second);

/// Whether instructions of this class read data memory.
bool reads_memory(InstructionClass kind);

}  // namespace pare::mcu
