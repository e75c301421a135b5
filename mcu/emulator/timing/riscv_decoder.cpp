#include "mcu/emulator/timing/riscv_decoder.h"

namespace pare::mcu {
namespace {

bool is_call(std::uint16_t first) {
  constexpr unsigned kJal = 0x6F;
  constexpr unsigned kJalr = 0x67;
  constexpr unsigned kReturnAddress = 1;
  const unsigned opcode = first & 0x7Fu;
  if (opcode == kJal || opcode == kJalr) return (first >> 7 & 0x1Fu) == kReturnAddress;
  const bool c_jal = (first & 0xE003u) == 0x2001u;
  const bool c_jalr = (first & 0xF07Fu) == 0x9002u && first != 0x9002u;  // c.ebreak
  return c_jal || c_jalr;
}

}  // namespace

Instruction decode_riscv(std::uint16_t first) {
  const bool wide = (first & 3u) == 3u;
  return {.size_bytes = static_cast<std::uint8_t>(wide ? 4 : 2),
          .kind = is_call(first) ? InstructionClass::call : InstructionClass::data_processing};
}

}  // namespace pare::mcu
