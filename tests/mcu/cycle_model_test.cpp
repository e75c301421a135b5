#include "mcu/emulator/timing/cycle_model.h"

#include <doctest/doctest.h>

#include <initializer_list>

namespace pare::mcu {
namespace {

/// The encoding that the GNU assembler (-mcpu=cortex-m4 -mfpu=fpv4-sp-d16) gives an instruction; a
/// 16-bit one has no `second`.
struct Code {
  std::uint16_t first;
  std::uint16_t second = 0;
};

constexpr std::uint32_t kStart = 0x10000;

constexpr Code kNop{0xbf00};
constexpr Code kWideNop{0xf3af, 0x8000};
constexpr Code kBranch{0xe7fe};           // b .
constexpr Code kLoadR1{0x6801};           // ldr r1, [r0]
constexpr Code kLoadR2{0x6842};           // ldr r2, [r0, #4]
constexpr Code kLoadThroughR1{0x680b};    // ldr r3, [r1]
constexpr Code kStoreAtR0R2{0x5081};      // str r1, [r0, r2]
constexpr Code kStoreImmediate{0x6041};   // str r1, [r0, #4]
constexpr Code kAddToR0{0x3004};          // adds r0, #4
constexpr Code kAddToR2{0x3204};          // adds r2, #4
constexpr Code kLoadS0{0xed90, 0x0a00};   // vldr s0, [r0]
constexpr Code kLoadS1{0xedd0, 0x0a01};   // vldr s1, [r0, #4]
constexpr Code kStoreS0{0xed80, 0x0a00};  // vstr s0, [r0]
constexpr Code kAddS0{0xee30, 0x0a81};    // vadd.f32 s0, s1, s2
constexpr Code kMacS0{0xeea0, 0x0a81};    // vfma.f32 s0, s1, s2

/// Runs the code from kStart on, without a jump.
Timing run(std::initializer_list<Code> program) {
  CycleModel model;
  std::uint32_t address = kStart;
  for (const Code code : program) {
    const Instruction instruction = decode(code.first, code.second);
    model.execute(address, instruction);
    address += instruction.size_bytes;
  }
  return model.timing();
}

std::uint64_t cycles(std::initializer_list<Code> program) { return run(program).cycles; }

/// Runs a loop whose last instruction branches back to its first, and leaves it at the end.
std::uint64_t loop_cycles(unsigned iterations, std::initializer_list<Code> body) {
  CycleModel model;
  for (unsigned i = 0; i < iterations; ++i) {
    std::uint32_t address = kStart;
    for (const Code code : body) {
      const Instruction instruction = decode(code.first, code.second);
      model.execute(address, instruction);
      address += instruction.size_bytes;
    }
  }
  return model.timing().cycles;
}

/// The cycles that `branch` takes when it lands on `target` at this address.
std::uint64_t branch_cycles(Code branch, std::uint32_t target_address, Code target) {
  CycleModel model;
  model.execute(kStart, decode(branch.first, branch.second));
  return model.arrive(target_address, decode(target.first, target.second)).cycles;
}

TEST_CASE("every instruction is counted and most take one cycle") {
  const Timing timing = run({
      kNop,
      kAddToR0,
      {0x4348},          // muls r0, r1
      {0xfb22, 0x4103},  // smlad r1, r2, r3, r4
      {0xfba2, 0x0103},  // umull r0, r1, r2, r3
      {0xbf08},          // it eq
  });
  CHECK(timing.instructions == 6);
  CHECK(timing.cycles == 6);
}

TEST_CASE("a division takes six cycles, the middle of its range") {
  CHECK(cycles({{0xfb91, 0xf0f2}}) == 6);  // sdiv r0, r1, r2
}

TEST_CASE("nrfx's delay loop takes 3 cycles per iteration") {
  const std::uint64_t taken = loop_cycles(1000, {{0x3803}, {0xd8fd}});  // subs r0, #3; bhi .-2
  CHECK(taken == 3 * 1000 - 1);
}

TEST_CASE("Mbed's wait loop takes 5 cycles per iteration") {
  // subs r0, #1; nop; nop; bcs .-6
  const std::uint64_t taken = loop_cycles(1000, {{0x3801}, kNop, kNop, {0xd2fb}});
  CHECK(taken == 5 * 1000 - 1);
}

TEST_CASE("a load takes two cycles and one less right after a load that it does not depend on") {
  CHECK(cycles({kLoadR1}) == 2);
  CHECK(cycles({kLoadR1, kLoadR2}) == 2 + 1);
  CHECK(cycles({kLoadR1, kLoadR2, kLoadR2}) == 2 + 1 + 1);
  CHECK(cycles({kLoadR1, kLoadThroughR1}) == 2 + 2);
  CHECK(cycles({kLoadR1, kNop, kLoadR2}) == 2 + 1 + 2);
}

TEST_CASE("a single VLDR pipelines like any load") {
  CHECK(cycles({kLoadS0, kLoadS1}) == 2 + 1);
  CHECK(cycles({kLoadR1, kLoadS0}) == 2 + 1);
}

TEST_CASE("loads do not pipeline across a branch") {
  CycleModel model;
  model.execute(kStart, decode(kLoadR1.first, 0));
  model.execute(kStart + 0x100, decode(kLoadR2.first, 0));
  CHECK(model.timing().cycles == 2 + 2);
}

TEST_CASE("a store takes one cycle, or two with a register offset unless it follows a load") {
  CHECK(cycles({kStoreImmediate}) == 1);
  CHECK(cycles({kStoreAtR0R2}) == 2);
  CHECK(cycles({kLoadR1, kStoreAtR0R2}) == 2 + 1);
  CHECK(cycles({kStoreAtR0R2, kLoadR1}) == 2 + 2);
}

TEST_CASE("a multiple transfer takes one cycle and one per register, and never pipelines") {
  CHECK(cycles({{0xb510}}) == 3);                       // push {r4, lr}
  CHECK(cycles({{0xe9d0, 0x2300}}) == 3);               // ldrd r2, r3, [r0]
  CHECK(cycles({kLoadR1, {0xc830}}) == 2 + 3);          // ldmia r0!, {r4, r5}
  CHECK(cycles({{0xecb1, 0x2a03}}) == 4);               // vldmia r1!, {s4-s6}
  CHECK(cycles({kLoadR1, {0xed91, 0x1b02}}) == 2 + 3);  // vldr d1, [r1, #8]
  CHECK(cycles({kStoreS0}) == 2);
}

TEST_CASE("an address that the previous instruction computed delays a load or store by a cycle") {
  CHECK(cycles({kAddToR0, kLoadR1}) == 1 + 3);
  CHECK(cycles({kAddToR0, kStoreImmediate}) == 1 + 2);
  CHECK(cycles({kAddToR2, kStoreAtR0R2}) == 1 + 3);
  CHECK(cycles({kAddToR0, kLoadS0}) == 1 + 3);
  CHECK(cycles({kAddToR2, kLoadR1}) == 1 + 2);
  CHECK(cycles({kAddToR0, kNop, kLoadR1}) == 1 + 1 + 2);
}

TEST_CASE("FP arithmetic takes 1, multiply-accumulate 3, and division and square root 14 cycles") {
  CHECK(cycles({kAddS0}) == 1);
  CHECK(cycles({kMacS0}) == 3);
  CHECK(cycles({{0xee80, 0x0a81}}) == 14);  // vdiv.f32 s0, s1, s2
  CHECK(cycles({{0xeeb1, 0x0ae0}}) == 14);  // vsqrt.f32 s0, s1
}

TEST_CASE("FP moves take a cycle per core register") {
  CHECK(cycles({{0xeeb0, 0x0a60}}) == 1);  // vmov.f32 s0, s1
  CHECK(cycles({{0xee10, 0x1a10}}) == 1);  // vmov r1, s0
  CHECK(cycles({{0xec52, 0x1b10}}) == 2);  // vmov r1, r2, d0
}

TEST_CASE("an FP result that the next instruction consumes takes a cycle longer") {
  const Code add_of_s0{0xee70, 0x1a01};  // vadd.f32 s3, s0, s2
  const Code mac_of_s0{0xeee0, 0x1a80};  // vfma.f32 s3, s1, s0
  CHECK(cycles({kAddS0, add_of_s0}) == 1 + 2);
  CHECK(cycles({kAddS0, kStoreS0}) == 1 + 3);
  CHECK(cycles({kMacS0, mac_of_s0}) == 3 + 4);
  CHECK(cycles({kAddS0, kNop, add_of_s0}) == 1 + 1 + 1);
  CHECK(cycles({kLoadS0, add_of_s0}) == 2 + 1);
}

TEST_CASE("the addend of a VFMA is consumed late enough to cost nothing") {
  CHECK(cycles({kMacS0, kMacS0}) == 3 + 3);
  CHECK(cycles({kAddS0, kMacS0}) == 1 + 3);
}

TEST_CASE("a branch that is not taken takes one cycle") { CHECK(cycles({kBranch, kNop}) == 1 + 1); }

TEST_CASE("the refill after a jump depends on where the target comes from") {
  const std::uint32_t target = kStart + 0x100;
  CHECK(branch_cycles(kBranch, target, kNop) == 1 + 1);
  CHECK(branch_cycles({0xf7ff, 0xffd7}, target, kNop) == 1 + 2);  // bl
  CHECK(branch_cycles({0x4798}, target, kNop) == 1 + 2);          // blx r3
  CHECK(branch_cycles({0x4770}, target, kNop) == 1 + 2);          // bx lr
  CHECK(branch_cycles({0xe8df, 0xf000}, target, kNop) == 2 + 3);  // tbb [pc, r0]
  CHECK(branch_cycles({0xbd10}, target, kNop) == 3 + 3);          // pop {r4, pc}
  CHECK(branch_cycles({0xf8d0, 0xf000}, target, kNop) == 2 + 3);  // ldr.w pc, [r0]
}

TEST_CASE("a 32-bit target across a word boundary costs a cycle, up to a refill of three") {
  const std::uint32_t target = kStart + 0x100;
  CHECK(branch_cycles(kBranch, target, kWideNop) == 1 + 1);
  CHECK(branch_cycles(kBranch, target + 2, kNop) == 1 + 1);
  CHECK(branch_cycles(kBranch, target + 2, kWideNop) == 1 + 2);
  CHECK(branch_cycles({0x4770}, target + 2, kWideNop) == 1 + 3);  // bx lr
  CHECK(branch_cycles({0xbd10}, target + 2, kWideNop) == 3 + 3);  // pop {r4, pc}
}

TEST_CASE("an exception that follows an instruction charges no refill to it") {
  CHECK(branch_cycles(kNop, kStart + 0x100, kNop) == 1);
}

TEST_CASE("words of data read from flash are counted beside the cycles") {
  CycleModel model;
  model.execute(kStart, decode(kLoadR1.first, 0));
  model.add_flash_data_words(1);
  model.add_flash_data_words(2);
  CHECK(model.timing().flash_data_words == 3);
  CHECK(model.timing().cycles == 2);
}

}  // namespace
}  // namespace pare::mcu
