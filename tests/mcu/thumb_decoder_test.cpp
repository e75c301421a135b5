#include "mcu/emulator/timing/thumb_decoder.h"

#include <doctest/doctest.h>

#include <initializer_list>

namespace pare::mcu {
namespace {

using Kind = InstructionClass;

/// What the GNU assembler (-mcpu=cortex-m4 -mfpu=fpv4-sp-d16) makes of `assembly`. A 16-bit
/// instruction has no `second`.
struct Case {
  const char* assembly;
  std::uint16_t first;
  std::uint16_t second;
  Instruction expected;
};

constexpr std::uint16_t r(std::initializer_list<unsigned> registers) {
  unsigned mask = 0;
  for (const unsigned index : registers) mask |= 1u << index;
  return static_cast<std::uint16_t>(mask);
}

constexpr std::uint32_t s(std::initializer_list<unsigned> registers) {
  std::uint32_t mask = 0;
  for (const unsigned index : registers) mask |= 1u << index;
  return mask;
}

void check(std::uint8_t size_bytes, std::initializer_list<Case> cases) {
  for (const Case& example : cases) {
    CAPTURE(example.assembly);
    const Instruction actual = decode(example.first, example.second);
    CHECK(actual.size_bytes == size_bytes);
    CHECK(actual.kind == example.expected.kind);
    CHECK(actual.registers_moved == example.expected.registers_moved);
    CHECK(actual.written == example.expected.written);
    CHECK(actual.address == example.expected.address);
    CHECK(actual.fp_written == example.expected.fp_written);
    CHECK(actual.fp_read == example.expected.fp_read);
  }
}

TEST_CASE("16-bit data processing names the register it writes, and none when it only compares") {
  const auto writes = [](std::initializer_list<unsigned> registers) {
    return Instruction{.kind = Kind::data_processing, .written = r(registers)};
  };
  check(2, {
               {"lsls r1, r2, #3", 0x00d1, 0, writes({1})},
               {"adds r1, r2, r3", 0x18d1, 0, writes({1})},
               {"movs r3, #7", 0x2307, 0, writes({3})},
               {"cmp r3, #7", 0x2b07, 0, writes({})},
               {"adds r3, #7", 0x3307, 0, writes({3})},
               {"tst r1, r2", 0x4211, 0, writes({})},
               {"cmp r1, r2", 0x4291, 0, writes({})},
               {"cmn r1, r2", 0x42d1, 0, writes({})},
               {"muls r1, r2", 0x4351, 0, writes({1})},
               {"cmp r8, r9", 0x45c8, 0, writes({})},
               {"mov r8, r1", 0x4688, 0, writes({8})},
               {"add r1, pc, #0", 0xa100, 0, writes({1})},
               {"add r1, sp, #8", 0xa902, 0, writes({1})},
               {"add sp, #8", 0xb002, 0, writes({13})},
               {"sub sp, #8", 0xb082, 0, writes({13})},
               {"sxth r1, r2", 0xb211, 0, writes({1})},
               {"rev r1, r2", 0xba11, 0, writes({1})},
           });
}

TEST_CASE("32-bit data processing names every register it writes, and divisions stand apart") {
  const auto writes = [](std::initializer_list<unsigned> registers) {
    return Instruction{.kind = Kind::data_processing, .written = r(registers)};
  };
  check(4, {
               {"add.w r8, r9, r10, lsl #2", 0xeb09, 0x088a, writes({8})},
               {"cmp.w r8, r9", 0xebb8, 0x0f09, writes({})},
               {"add.w r8, r9, #256", 0xf509, 0x7880, writes({8})},
               {"movw r3, #4660", 0xf241, 0x2334, writes({3})},
               {"movt r3, #4660", 0xf2c1, 0x2334, writes({3})},
               {"ubfx r3, r4, #1, #2", 0xf3c4, 0x0341, writes({3})},
               {"tst.w r1, #1", 0xf011, 0x0f01, writes({})},
               {"lsl.w r1, r2, r3", 0xfa02, 0xf103, writes({1})},
               {"sxtab16 r1, r2, r3", 0xfa22, 0xf183, writes({1})},
               {"mul r8, r1, r2", 0xfb01, 0xf802, writes({8})},
               {"mla r1, r2, r3, r4", 0xfb02, 0x4103, writes({1})},
               {"smlad r1, r2, r3, r4", 0xfb22, 0x4103, writes({1})},
               {"smull r1, r2, r3, r4", 0xfb83, 0x1204, writes({1, 2})},
               {"smlal r1, r2, r3, r4", 0xfbc3, 0x1204, writes({1, 2})},
               {"sdiv r1, r2, r3", 0xfb92, 0xf1f3, {.kind = Kind::divide, .written = r({1})}},
               {"udiv r1, r2, r3", 0xfbb2, 0xf1f3, {.kind = Kind::divide, .written = r({1})}},
           });
}

TEST_CASE("loads name the loaded register and the registers of the address, but not PC") {
  const auto load = [](unsigned destination, std::initializer_list<unsigned> address) {
    return Instruction{.kind = Kind::load,
                       .registers_moved = 1,
                       .written = r({destination}),
                       .address = r(address)};
  };
  check(2, {
               {"ldr r2, [pc, #8]", 0x4a02, 0, load(2, {})},
               {"ldrsb r1, [r2, r3]", 0x56d1, 0, load(1, {2, 3})},
               {"ldr r1, [r2, #4]", 0x6851, 0, load(1, {2})},
               {"ldrh r1, [r2, #4]", 0x8891, 0, load(1, {2})},
               {"ldr r5, [sp, #4]", 0x9d01, 0, load(5, {13})},
           });
  check(4, {
               {"ldrb.w r1, [r2], #1", 0xf812, 0x1b01, load(1, {2})},
               {"ldrsb.w r8, [r2, r3]", 0xf912, 0x8003, load(8, {2, 3})},
               {"ldr.w r1, [pc, #16]", 0xf8df, 0x1010, load(1, {})},
               {"ldrex r0, [r1]", 0xe851, 0x0f00, load(0, {1})},
               {"ldrexb r0, [r1]", 0xe8d1, 0x0f4f, load(0, {1})},
               {"pld [r1, #4]", 0xf891, 0xf004, {.kind = Kind::other, .address = r({1})}},
           });
}

TEST_CASE("stores with an immediate and with a register offset are told apart") {
  const auto store = [](Kind kind, std::initializer_list<unsigned> address) {
    return Instruction{.kind = kind, .registers_moved = 1, .address = r(address)};
  };
  check(2, {
               {"str r1, [r2, r3]", 0x50d1, 0, store(Kind::store_register, {2, 3})},
               {"strb r1, [r2, #4]", 0x7111, 0, store(Kind::store_immediate, {2})},
               {"str r1, [sp, #4]", 0x9101, 0, store(Kind::store_immediate, {13})},
           });
  check(4, {
               {"str.w r1, [r2, #8]", 0xf8c2, 0x1008, store(Kind::store_immediate, {2})},
               {"str.w r1, [r2, r3, lsl #2]", 0xf842, 0x1023, store(Kind::store_register, {2, 3})},
               {"strex r2, r0, [r1]", 0xe841, 0x0200, store(Kind::store_immediate, {1})},
           });
}

TEST_CASE("multiple and double transfers count their registers") {
  const auto load = [](std::initializer_list<unsigned> list, unsigned base) {
    return Instruction{.kind = Kind::load_multiple,
                       .registers_moved = static_cast<std::uint8_t>(list.size()),
                       .written = r(list),
                       .address = r({base})};
  };
  const auto store = [](std::uint8_t count, unsigned base) {
    return Instruction{
        .kind = Kind::store_multiple, .registers_moved = count, .address = r({base})};
  };
  check(2, {
               {"push {r4, r5, lr}", 0xb530, 0, store(3, 13)},
               {"pop {r4, r5}", 0xbc30, 0, load({4, 5}, 13)},
               {"stmia r1!, {r2, r3}", 0xc10c, 0, store(2, 1)},
               {"ldmia r1!, {r2, r3, r4}", 0xc91c, 0, load({2, 3, 4}, 1)},
           });
  check(4, {
               {"ldmia.w r8, {r0, r1, r9}", 0xe898, 0x0203, load({0, 1, 9}, 8)},
               {"stmdb sp!, {r4, r5, r8, lr}", 0xe92d, 0x4130, store(4, 13)},
               {"ldrd r0, r1, [r2, #8]", 0xe9d2, 0x0102, load({0, 1}, 2)},
               {"strd r0, r1, [r2], #8", 0xe8e2, 0x0102, store(2, 2)},
               {"strd r0, r0, [r2]", 0xe9c2, 0x0000, store(2, 2)},
           });
}

TEST_CASE("branches are classed by where their target comes from") {
  check(
      2,
      {
          {"bne .", 0xd1fe, 0, {.kind = Kind::branch}},
          {"b .-4", 0xe7fc, 0, {.kind = Kind::branch}},
          {"cbz r1, .+28", 0xb161, 0, {.kind = Kind::branch}},
          {"cbnz r1, .+26", 0xb959, 0, {.kind = Kind::branch}},
          {"bx lr", 0x4770, 0, {.kind = Kind::branch_indirect}},
          {"mov pc, r1", 0x468f, 0, {.kind = Kind::branch_indirect}},
          {"blx r3", 0x4798, 0, {.kind = Kind::call}},
          {"pop {r4, r5, pc}",
           0xbd30,
           0,
           {.kind = Kind::load_pc, .registers_moved = 3, .written = r({4, 5}), .address = r({13})}},
      });
  check(
      4,
      {
          {"b.w .-82", 0xf7ff, 0xbfd5, {.kind = Kind::branch}},
          {"beq.w .-86", 0xf43f, 0xafd3, {.kind = Kind::branch}},
          {"bl .-78", 0xf7ff, 0xffd7, {.kind = Kind::call}},
          {"tbb [pc, r1]", 0xe8df, 0xf001, {.kind = Kind::table_branch, .address = r({1})}},
          {"tbh [r0, r1, lsl #1]",
           0xe8d0,
           0xf011,
           {.kind = Kind::table_branch, .address = r({0, 1})}},
          {"ldr.w pc, [r2, r3, lsl #2]",
           0xf852,
           0xf023,
           {.kind = Kind::load_pc, .registers_moved = 1, .address = r({2, 3})}},
          {"ldr.w pc, [pc, #16]", 0xf8df, 0xf010, {.kind = Kind::load_pc, .registers_moved = 1}},
          {"ldmia.w sp!, {r4, r8, pc}",
           0xe8bd,
           0x8110,
           {.kind = Kind::load_pc, .registers_moved = 3, .written = r({4, 8}), .address = r({13})}},
      });
}

TEST_CASE("IT, hints, barriers and system instructions move nothing") {
  check(2, {
               {"nop", 0xbf00, 0, {}},
               {"it eq", 0xbf08, 0, {}},
               {"cpsid i", 0xb672, 0, {}},
               {"bkpt 0", 0xbe00, 0, {}},
               {"svc 0", 0xdf00, 0, {}},
           });
  check(4, {
               {"dmb", 0xf3bf, 0x8f5f, {}},
               {"mrs r0, primask", 0xf3ef, 0x8010, {}},
           });
}

TEST_CASE("FP arithmetic names what it writes and reads, but not the addend of a MAC") {
  const auto operation = [](Kind kind, std::uint32_t written, std::uint32_t read) {
    return Instruction{.kind = kind, .fp_written = written, .fp_read = read};
  };
  const Instruction mac = operation(Kind::fp_multiply_accumulate, s({0}), s({1, 2}));
  check(4,
        {
            {"vadd.f32 s1, s2, s5", 0xee71, 0x0a22,
             operation(Kind::fp_arithmetic, s({1}), s({2, 5}))},
            {"vmul.f32 s0, s1, s2", 0xee20, 0x0a81,
             operation(Kind::fp_arithmetic, s({0}), s({1, 2}))},
            {"vcvt.s32.f32 s0, s1", 0xeebd, 0x0ae0, operation(Kind::fp_arithmetic, s({0}), s({1}))},
            {"vcvt.f32.s32 s0, s0, #8", 0xeeba, 0x0acc,
             operation(Kind::fp_arithmetic, s({0}), s({0}))},
            {"vfma.f32 s0, s1, s2", 0xeea0, 0x0a81, mac},
            {"vmla.f32 s0, s1, s2", 0xee00, 0x0a81, mac},
            {"vnmls.f32 s0, s1, s2", 0xee10, 0x0a81, mac},
            {"vfnma.f32 s0, s1, s2", 0xee90, 0x0ac1, mac},
            {"vdiv.f32 s0, s1, s2", 0xee80, 0x0a81, operation(Kind::fp_divide, s({0}), s({1, 2}))},
            {"vsqrt.f32 s0, s1", 0xeeb1, 0x0ae0, operation(Kind::fp_divide, s({0}), s({1}))},
            {"vmov.f32 s0, #1.0", 0xeeb7, 0x0a00, operation(Kind::fp_move, s({0}), 0)},
            {"vmov.f32 s0, s1", 0xeeb0, 0x0a60, operation(Kind::fp_move, s({0}), s({1}))},
            {"vabs.f32 s0, s1", 0xeeb0, 0x0ae0, operation(Kind::fp_move, s({0}), s({1}))},
            {"vneg.f32 s0, s1", 0xeeb1, 0x0a60, operation(Kind::fp_move, s({0}), s({1}))},
            {"vcmp.f32 s0, s1", 0xeeb4, 0x0a60, operation(Kind::fp_move, 0, s({0, 1}))},
            {"vcmp.f32 s0, #0.0", 0xeeb5, 0x0a40, operation(Kind::fp_move, 0, s({0}))},
        });
}

TEST_CASE("FP transfers name the registers on both sides") {
  check(
      4,
      {
          {"vmov r1, s3",
           0xee11,
           0x1a90,
           {.kind = Kind::fp_move, .registers_moved = 1, .written = r({1}), .fp_read = s({3})}},
          {"vmov s3, r1",
           0xee01,
           0x1a90,
           {.kind = Kind::fp_move, .registers_moved = 1, .fp_written = s({3})}},
          {"vmrs APSR_nzcv, fpscr", 0xeef1, 0xfa10, {.kind = Kind::fp_move, .registers_moved = 1}},
          {"vmov r1, r2, d1",
           0xec52,
           0x1b11,
           {.kind = Kind::fp_move,
            .registers_moved = 2,
            .written = r({1, 2}),
            .fp_read = s({2, 3})}},
          {"vmov s2, s3, r1, r2",
           0xec42,
           0x1a11,
           {.kind = Kind::fp_move, .registers_moved = 2, .fp_written = s({2, 3})}},
      });
}

TEST_CASE("a single VLDR is a load, and other FP loads and stores are multiple ones") {
  const auto load = [](Kind kind, std::uint8_t count, std::uint32_t written) {
    return Instruction{
        .kind = kind, .registers_moved = count, .address = r({1}), .fp_written = written};
  };
  const auto store = [](std::uint8_t count, unsigned base, std::uint32_t read) {
    return Instruction{.kind = Kind::store_multiple,
                       .registers_moved = count,
                       .address = r({base}),
                       .fp_read = read};
  };
  check(4, {
               {"vldr s3, [r1, #4]", 0xedd1, 0x1a01, load(Kind::load, 1, s({3}))},
               {"vldr d1, [r1, #8]", 0xed91, 0x1b02, load(Kind::load_multiple, 2, s({2, 3}))},
               {"vldmia r1!, {s4-s6}", 0xecb1, 0x2a03, load(Kind::load_multiple, 3, s({4, 5, 6}))},
               {"vstr s3, [r1, #4]", 0xedc1, 0x1a01, store(1, 1, s({3}))},
               {"vstr d1, [r1, #8]", 0xed81, 0x1b02, store(2, 1, s({2, 3}))},
               {"vpush {d8-d9}", 0xed2d, 0x8b04, store(4, 13, s({16, 17, 18, 19}))},
           });
}

TEST_CASE("only loads and table branches read memory") {
  for (const Kind kind : {Kind::load, Kind::load_multiple, Kind::load_pc, Kind::table_branch})
    CHECK(reads_memory(kind));
  for (const Kind kind : {Kind::store_immediate, Kind::store_multiple, Kind::data_processing})
    CHECK_FALSE(reads_memory(kind));
}

}  // namespace
}  // namespace pare::mcu
