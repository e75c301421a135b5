// Delay loops whose cycles are known, assembled on the spot and run on the emulated board.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "build_paths.h"
#include "mcu/emulator/emulated_board.h"
#include "mcu/temporary_folder.h"
#include "tests/mcu/hand_written_sketch.h"

using namespace pare;
namespace fs = std::filesystem;

namespace {

/// A sketch whose pare_infer() runs a loop as often as its input says, times 16.
constexpr const char* kModel = R"(#pragma once
#include <stdint.h>
#include "kernel_version.h"
namespace pare {{ namespace model {{
using Value = int8_t;
constexpr char kName[] = "loop";
constexpr int kInputs = 1;
constexpr int kOutputs = 1;
constexpr float kInputScale = 1.0f;
constexpr float kOutputScale = 1.0f;
constexpr int kInputZeroPoint = 0;
constexpr int kOutputZeroPoint = 0;
constexpr uint32_t kParameterBytes = 0;
constexpr uint32_t kKernelHash = 0;
inline const void* parameters() {{ return nullptr; }}
}}}}
extern "C" __attribute__((noinline)) void pare_infer(const int8_t* inputs, int8_t* outputs) {{
  uint32_t count = static_cast<uint32_t>(inputs[0]) * 16 * {};
  asm volatile(".balign 4\n1: {}" : "+l"(count) : : "cc");
  outputs[0] = static_cast<int8_t>(count);
}}
)";

constexpr const char* kTestVectors = R"(#pragma once
#include "model.h"
namespace pare { namespace model {
constexpr int kTestVectors = 1;
static const Value kTestInputs[kTestVectors][kInputs] = {{1}};
static const Value kTestOutputs[kTestVectors][kOutputs] = {{0}};
}}
)";

/// Cycles of one iteration by the timing model: those of 1,616 without those of 16, so that all
/// that is around the loop cancels out. `step` is what an iteration counts down by.
double cycles_per_iteration(int step, const char* loop) {
  const mcu::TemporaryFolder folder;
  const fs::path sketch = tests::write_sketch(
      folder.path() / "loop", fmt::format(fmt::runtime(kModel), step, loop), kTestVectors);
  mcu::EmulatedBoard board(mcu::build_image(sketch, folder.path() / "build"),
                           {.timing_plugin = PARE_TIMING_PLUGIN});
  for (const std::uint8_t count : std::vector<std::uint8_t>{1, 101}) {
    board.client().infer(std::vector<std::uint8_t>{count});
  }
  const std::vector<mcu::Timing> timings = board.stop();
  REQUIRE(timings.size() == 2);
  return static_cast<double>(timings[1].cycles - timings[0].cycles) / 1600;
}

}  // namespace

TEST_SUITE("slow") {
  TEST_CASE("nrfx's delay loop takes 3 cycles per iteration on the emulated board") {
    CHECK(cycles_per_iteration(3, R"(subs %0, #3\n bhi 1b)") == 3);
  }

  TEST_CASE("Mbed's wait loop takes 5 cycles per iteration on the emulated board") {
    CHECK(cycles_per_iteration(1, R"(subs %0, #1\n nop\n nop\n bcs 1b)") == 5);
  }
}
