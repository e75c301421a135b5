#include "mcu/emulator/timing/thumb_decoder.h"

#include <bit>

namespace pare::mcu {
namespace {

using Kind = InstructionClass;

constexpr unsigned kSp = 13;
constexpr unsigned kPc = 15;

constexpr unsigned bits(unsigned value, unsigned high, unsigned low) {
  return (value >> low) & ((1u << (high - low + 1)) - 1u);
}

constexpr bool bit(unsigned value, unsigned index) { return bits(value, index, index) != 0; }

constexpr std::uint16_t core(unsigned index) {
  return index == kPc ? std::uint16_t{0} : static_cast<std::uint16_t>(1u << index);
}

constexpr std::uint16_t core(unsigned first, unsigned second) {
  return static_cast<std::uint16_t>(core(first) | core(second));
}

constexpr Instruction data_processing(unsigned destination) {
  return {.kind = Kind::data_processing, .written = core(destination)};
}

constexpr Instruction load(unsigned destination, std::uint16_t address) {
  return {.kind = destination == kPc ? Kind::load_pc : Kind::load,
          .registers_moved = 1,
          .written = core(destination),
          .address = address};
}

constexpr Instruction store(Kind kind, std::uint16_t address) {
  return {.kind = kind, .registers_moved = 1, .address = address};
}

/// LDM and POP, or STM and PUSH; `list` holds bit n for Rn.
constexpr Instruction multiple(bool is_load, unsigned list, unsigned base) {
  const auto count = static_cast<std::uint8_t>(std::popcount(list));
  if (!is_load)
    return {.kind = Kind::store_multiple, .registers_moved = count, .address = core(base)};
  return {.kind = bit(list, kPc) ? Kind::load_pc : Kind::load_multiple,
          .registers_moved = count,
          .written = static_cast<std::uint16_t>(bits(list, 14, 0)),
          .address = core(base)};
}

/// A5.2.2 data processing and A5.2.3 special data instructions and branch and exchange.
Instruction decode_register_operation(unsigned code) {
  if (!bit(code, 10)) {
    const unsigned operation = bits(code, 9, 6);
    const bool only_flags = operation == 8 || operation == 10 || operation == 11;
    return data_processing(only_flags ? kPc : bits(code, 2, 0));
  }
  const unsigned operation = bits(code, 9, 8);
  if (operation == 3) return {.kind = bit(code, 7) ? Kind::call : Kind::branch_indirect};
  if (operation == 1) return data_processing(kPc);
  const unsigned destination = bits(code, 7, 7) << 3 | bits(code, 2, 0);
  if (destination == kPc) return {.kind = Kind::branch_indirect};
  return data_processing(destination);
}

/// A5.2.4 load and store single data item; `bits(code, 15, 12)` is 5 to 9.
Instruction decode_load_store_16(unsigned code) {
  const unsigned operation = bits(code, 15, 12);
  if (operation == 5) {
    const std::uint16_t address = core(bits(code, 5, 3), bits(code, 8, 6));
    if (bits(code, 11, 9) < 3) return store(Kind::store_register, address);
    return load(bits(code, 2, 0), address);
  }
  const bool on_stack = operation == 9;
  const std::uint16_t address = core(on_stack ? kSp : bits(code, 5, 3));
  if (!bit(code, 11)) return store(Kind::store_immediate, address);
  return load(on_stack ? bits(code, 10, 8) : bits(code, 2, 0), address);
}

/// A5.2.5 miscellaneous 16-bit instructions.
Instruction decode_miscellaneous_16(unsigned code) {
  const unsigned operation = bits(code, 11, 8);
  if ((operation & 5u) == 1u) return {.kind = Kind::branch};
  if (operation == 0) return data_processing(kSp);
  if (operation == 2 || operation == 10) return data_processing(bits(code, 2, 0));
  if (bits(code, 11, 9) == 2) return multiple(false, bits(code, 8, 0), kSp);
  if (bits(code, 11, 9) == 6) {
    const unsigned list = bits(code, 7, 0) | bits(code, 8, 8) << kPc;
    return multiple(true, list, kSp);
  }
  return {};
}

/// A5.2, table A5-1.
Instruction decode_16(unsigned code) {
  const unsigned operation = bits(code, 15, 11);
  if (operation < 4) return data_processing(bits(code, 2, 0));
  if (operation < 8) return data_processing(operation == 5 ? kPc : bits(code, 10, 8));
  if (operation == 8) return decode_register_operation(code);
  if (operation == 9) return load(bits(code, 10, 8), 0);
  if (operation < 20) return decode_load_store_16(code);
  if (operation < 22) return data_processing(bits(code, 10, 8));
  if (operation < 24) return decode_miscellaneous_16(code);
  if (operation < 26) return multiple(operation == 25, bits(code, 7, 0), bits(code, 10, 8));
  if (operation < 28) return {.kind = bits(code, 11, 8) < 14 ? Kind::branch : Kind::other};
  return {.kind = Kind::branch};
}

/// A5.3.5 load and store multiple, A5.3.6 load and store dual or exclusive, table branch.
Instruction decode_multiple_or_dual(unsigned first, unsigned second) {
  const unsigned base = bits(first, 3, 0);
  const bool is_load = bit(first, 4);
  if (!bit(first, 6)) return multiple(is_load, second, base);
  const bool has_dual_form = bit(first, 8) || bit(first, 5);
  if (has_dual_form) {
    const std::uint16_t pair = core(bits(second, 15, 12), bits(second, 11, 8));
    Instruction result = multiple(is_load, pair, base);
    result.registers_moved = 2;  // STRD may store one register twice
    return result;
  }
  const bool is_table_branch = bits(first, 7, 4) == 13 && bits(second, 7, 5) == 0;
  if (is_table_branch)
    return {.kind = Kind::table_branch, .address = core(base, bits(second, 3, 0))};
  if (is_load) return load(bits(second, 15, 12), core(base));
  return store(Kind::store_immediate, core(base));
}

/// A5.3.7 to A5.3.10 load and store single data item, with the memory hints.
Instruction decode_load_store_32(unsigned first, unsigned second) {
  const unsigned base = bits(first, 3, 0);
  const unsigned destination = bits(second, 15, 12);
  const bool has_register_offset = !bit(first, 7) && !bit(second, 11) && base != kPc;
  const std::uint16_t address = has_register_offset ? core(base, bits(second, 3, 0)) : core(base);
  if (!bit(first, 4))
    return store(has_register_offset ? Kind::store_register : Kind::store_immediate, address);
  const bool is_word = bits(first, 6, 5) == 2;
  if (destination == kPc && !is_word) return {.kind = Kind::other, .address = address};
  return load(destination, address);
}

/// A5.3.16 multiply and A5.3.17 long multiply and divide; `first` is 0xFB00 to 0xFBFF.
Instruction decode_multiply(unsigned first, unsigned second) {
  if (!bit(first, 7)) return data_processing(bits(second, 11, 8));
  const unsigned operation = bits(first, 6, 4);
  if (operation == 1 || operation == 3)
    return {.kind = Kind::divide, .written = core(bits(second, 11, 8))};
  return {.kind = Kind::data_processing,
          .written = core(bits(second, 15, 12), bits(second, 11, 8))};
}

/// A5.3.4 branches and miscellaneous control.
Instruction decode_branch_32(unsigned first, unsigned second) {
  if (bit(second, 14) && bit(second, 12)) return {.kind = Kind::call};
  if (bit(second, 12)) return {.kind = Kind::branch};
  const bool is_conditional = !bit(second, 14) && bits(first, 9, 6) < 14;
  return {.kind = is_conditional ? Kind::branch : Kind::other};
}

/// Which FP registers an operand of `count` singles covers, from the four bits and the single bit
/// that name it. Source: A6.3, "FP register encodings".
std::uint32_t fp_registers(unsigned field, unsigned extra, bool is_double, unsigned count) {
  const unsigned first = is_double ? (extra << 4 | field) << 1 : field << 1 | extra;
  const std::uint64_t mask = ((std::uint64_t{1} << count) - 1) << first;
  return static_cast<std::uint32_t>(mask);
}

struct FpOperands {
  std::uint32_t d, n, m;
};

FpOperands fp_operands(unsigned first, unsigned second) {
  const bool is_double = bit(second, 8);
  const unsigned count = is_double ? 2 : 1;
  return {.d = fp_registers(bits(second, 15, 12), bits(first, 6, 6), is_double, count),
          .n = fp_registers(bits(first, 3, 0), bits(second, 7, 7), is_double, count),
          .m = fp_registers(bits(second, 3, 0), bits(second, 5, 5), is_double, count)};
}

/// A6.4, the rows whose opc1 is 1x11: moves, compares, square root, conversions.
Instruction decode_fp_unary(unsigned first, unsigned second, const FpOperands& fp) {
  const unsigned operation = bits(first, 3, 0);
  if (!bit(second, 6)) return {.kind = Kind::fp_move, .fp_written = fp.d};
  if (operation == 0 || (operation == 1 && !bit(second, 7)))
    return {.kind = Kind::fp_move, .fp_written = fp.d, .fp_read = fp.m};
  if (operation == 1) return {.kind = Kind::fp_divide, .fp_written = fp.d, .fp_read = fp.m};
  if (operation == 4) return {.kind = Kind::fp_move, .fp_read = fp.d | fp.m};
  if (operation == 5) return {.kind = Kind::fp_move, .fp_read = fp.d};
  const bool is_fixed_point = operation >= 10 && operation != 12 && operation != 13;
  return {.kind = Kind::fp_arithmetic, .fp_written = fp.d, .fp_read = is_fixed_point ? fp.d : fp.m};
}

/// A6.4 floating-point data processing.
Instruction decode_fp_arithmetic(unsigned first, unsigned second) {
  const FpOperands fp = fp_operands(first, second);
  Instruction result{.kind = Kind::fp_arithmetic, .fp_written = fp.d, .fp_read = fp.n | fp.m};
  const unsigned operation = bits(first, 7, 7) << 2 | bits(first, 5, 4);
  if (operation == 7) return decode_fp_unary(first, second, fp);
  if (operation == 4) result.kind = Kind::fp_divide;
  if (operation != 2 && operation != 3 && operation != 4)
    result.kind = Kind::fp_multiply_accumulate;
  return result;
}

/// A6.6 transfers of one register between the core and the FPU.
Instruction decode_fp_transfer(unsigned first, unsigned second) {
  const FpOperands fp = fp_operands(first, second);
  Instruction result{.kind = Kind::fp_move, .registers_moved = 1};
  const bool is_status_register = bits(first, 7, 5) == 7;
  const bool to_core = bit(first, 4);
  if (to_core) result.written = core(bits(second, 15, 12));
  if (!is_status_register) (to_core ? result.fp_read : result.fp_written) = fp.n;
  return result;
}

/// A6.5 FP loads and stores, and A6.7 transfers of two registers.
Instruction decode_fp_load_store(unsigned first, unsigned second) {
  const bool is_double = bit(second, 8);
  const bool is_load = bit(first, 4);
  const unsigned base = bits(first, 3, 0);
  if ((first & 0xFFE0u) == 0xEC40u) {
    const std::uint32_t fp = fp_registers(bits(second, 3, 0), bits(second, 5, 5), is_double, 2);
    if (!is_load) return {.kind = Kind::fp_move, .registers_moved = 2, .fp_written = fp};
    const std::uint16_t written = core(bits(second, 15, 12), base);
    return {.kind = Kind::fp_move, .registers_moved = 2, .written = written, .fp_read = fp};
  }
  const bool is_single_item = bit(first, 8) && !bit(first, 5);
  const unsigned count = is_single_item ? (is_double ? 2u : 1u) : bits(second, 5, 0);
  const std::uint32_t fp = fp_registers(bits(second, 15, 12), bits(first, 6, 6), is_double, count);
  Instruction result{.kind = is_load ? Kind::load_multiple : Kind::store_multiple,
                     .registers_moved = static_cast<std::uint8_t>(count),
                     .address = core(base)};
  if (is_load && is_single_item && !is_double) result.kind = Kind::load;
  (is_load ? result.fp_written : result.fp_read) = fp;
  return result;
}

Instruction decode_coprocessor(unsigned first, unsigned second) {
  const bool is_fpu = bits(second, 11, 9) == 5;
  if (!is_fpu) return {};
  if (bits(first, 9, 8) != 2) return decode_fp_load_store(first, second);
  return bit(second, 4) ? decode_fp_transfer(first, second) : decode_fp_arithmetic(first, second);
}

/// A5.3, table A5-9.
Instruction decode_32(unsigned first, unsigned second) {
  if (bits(first, 12, 11) == 2) {
    if (bit(second, 15)) return decode_branch_32(first, second);
    return data_processing(bits(second, 11, 8));
  }
  if (bit(first, 10)) return decode_coprocessor(first, second);
  const bool is_row_01 = bits(first, 12, 11) == 1;
  if (is_row_01 && !bit(first, 9)) return decode_multiple_or_dual(first, second);
  if (is_row_01) return data_processing(bits(second, 11, 8));
  if (!bit(first, 9)) return decode_load_store_32(first, second);
  if (bit(first, 8)) return decode_multiply(first, second);
  return data_processing(bits(second, 11, 8));
}

}  // namespace

Instruction decode(std::uint16_t first, std::uint16_t second) {
  const bool is_32_bit = bits(first, 15, 11) >= 0x1Du;
  Instruction result = is_32_bit ? decode_32(first, second) : decode_16(first);
  result.size_bytes = is_32_bit ? 4 : 2;
  return result;
}

bool reads_memory(InstructionClass kind) {
  return kind == Kind::load || kind == Kind::load_multiple || kind == Kind::load_pc ||
         kind == Kind::table_branch;
}

}  // namespace pare::mcu
