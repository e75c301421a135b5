#include "mcu/emulator/timing/cycle_model.h"

#include <algorithm>

namespace pare::mcu {
namespace {

using Kind = InstructionClass;

/// DDI 0439 gives 2 to 12, depending on operands that the model does not see.
constexpr unsigned kDivideCycles = 6;
/// DDI 0439 table 3-1: LDR and STR 2; one less when pipelined.
constexpr unsigned kLoadCycles = 2;
/// DDI 0439 table 3-1: TBB and TBH 2 + P.
constexpr unsigned kTableBranchCycles = 2;
/// DDI 0439 table 7-1: VFMA, VFMS, VMLA, VMLS and their negations.
constexpr unsigned kFpMultiplyAccumulateCycles = 3;
/// DDI 0439 table 7-1: VDIV and VSQRT.
constexpr unsigned kFpDivideCycles = 14;
/// DDI 0439 section 7.2.3: the result of FP arithmetic that the next instruction consumes.
constexpr unsigned kFpResultDelay = 1;
/// DDI 0439 "Load/store timings": an address that the previous data processing instruction wrote.
constexpr unsigned kAddressDelay = 1;

/// DDI 0439 table 3-1 gives the pipeline refill P as 1 to 3, depending on how early the target is
/// known and on its width and alignment. A branch's target is known when it is decoded, a call also
/// writes LR, a register's value comes later, and a loaded address last of all.
constexpr unsigned kBranchRefill = 1;
constexpr unsigned kCallRefill = 2;
constexpr unsigned kIndirectRefill = 2;
constexpr unsigned kLoadedRefill = 3;
constexpr unsigned kMaximumRefill = 3;
/// A 32-bit target across a word boundary takes two fetches.
constexpr unsigned kSplitTargetRefill = 1;

/// P without the target's share; 0 for an instruction that does not branch, as when an exception
/// follows it.
unsigned refill_cycles(Kind kind) {
  switch (kind) {
    case Kind::branch:
      return kBranchRefill;
    case Kind::call:
      return kCallRefill;
    case Kind::branch_indirect:
      return kIndirectRefill;
    case Kind::load_pc:
    case Kind::table_branch:
      return kLoadedRefill;
    default:
      return 0;
  }
}

unsigned issue_cycles(const Instruction& instruction) {
  switch (instruction.kind) {
    case Kind::divide:
      return kDivideCycles;
    case Kind::load:
    case Kind::store_register:
      return kLoadCycles;
    case Kind::load_multiple:
    case Kind::store_multiple:
    case Kind::load_pc:
      return 1u + instruction.registers_moved;
    case Kind::table_branch:
      return kTableBranchCycles;
    case Kind::fp_move:
      return std::max(1u, unsigned{instruction.registers_moved});
    case Kind::fp_multiply_accumulate:
      return kFpMultiplyAccumulateCycles;
    case Kind::fp_divide:
      return kFpDivideCycles;
    default:
      return 1;
  }
}

bool is_fp_computation(Kind kind) {
  return kind == Kind::fp_arithmetic || kind == Kind::fp_multiply_accumulate ||
         kind == Kind::fp_divide;
}

unsigned stall_cycles(const Instruction& previous, const Instruction& instruction) {
  unsigned cycles = 0;
  const bool computes = previous.kind == Kind::data_processing || previous.kind == Kind::divide;
  if (computes && (previous.written & instruction.address) != 0) cycles += kAddressDelay;
  if (is_fp_computation(previous.kind) && (previous.fp_written & instruction.fp_read) != 0)
    cycles += kFpResultDelay;
  return cycles;
}

/// Whether the address phase of this load or store hides behind the previous load.
/// Source: DDI 0439 "Load/store timings".
bool is_pipelined(const Instruction& previous, const Instruction& instruction) {
  const bool can_follow =
      instruction.kind == Kind::load || instruction.kind == Kind::store_register;
  return can_follow && previous.kind == Kind::load && (previous.written & instruction.address) == 0;
}

}  // namespace

const Timing& CycleModel::arrive(std::uint32_t address, const Instruction& instruction) {
  if (!previous_ || previous_->next_address == address) return timing_;
  const unsigned refill = refill_cycles(previous_->instruction.kind);
  const bool is_split = instruction.size_bytes == 4 && (address & 2u) != 0;
  if (refill != 0)
    timing_.cycles += std::min(kMaximumRefill, refill + (is_split ? kSplitTargetRefill : 0u));
  previous_.reset();
  return timing_;
}

void CycleModel::execute(std::uint32_t address, const Instruction& instruction) {
  arrive(address, instruction);
  ++timing_.instructions;
  timing_.cycles += issue_cycles(instruction);
  if (previous_) {
    timing_.cycles += stall_cycles(previous_->instruction, instruction);
    if (is_pipelined(previous_->instruction, instruction)) --timing_.cycles;
  }
  previous_ = Executed{address + instruction.size_bytes, instruction};
}

}  // namespace pare::mcu
