#include "bench/timing_checks.h"

#include <fmt/format.h>

#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

#include "bench/kernels.h"
#include "build_paths.h"
#include "mcu/emulator/emulated_board.h"
#include "mcu/export_sketch.h"

namespace pare::bench {
namespace {

constexpr std::uint8_t kFew = 1;
constexpr std::uint8_t kMany = 101;
constexpr int kIterations = 16;  ///< for 1 of the input

constexpr std::string_view kHere = "run here";
constexpr std::string_view kRecorded = "recorded with the model's prototype, 2026-11";
constexpr std::string_view kHeldOut = "held out";

struct Check {
  std::string_view what;
  std::string_view chip;
  std::optional<double> published;
  std::optional<double> model;       ///< at zero wait states
  std::optional<double> with_flash;  ///< with the charge for data read from flash
  std::string role;
  std::string how;
};

std::string cell(const std::optional<double>& cycles) {
  return cycles ? fmt::format("{:.0f}", *cycles) : std::string(kNothing);
}

std::string off(const std::optional<double>& model, const std::optional<double>& published) {
  if (!model || !published) return std::string(kNothing);
  return fmt::format("{:+.1f}", 100 * (*model / *published - 1));
}

Check check_loop(const DelayLoop& loop, std::string role) {
  const double cycles = cycles_per_iteration(loop);
  return {loop.name, "Cortex-M4",     loop.published_cycles, cycles,
          cycles,    std::move(role), std::string(kHere)};
}

/// 32-16-4 on an nRF52840.
Check check_cmsis_nn(const CmsisNn* library) {
  Check check{"32-16-4 int8 by CMSIS-NN", "nRF52840", 3786, 3194, 3594, "settled the flash charge",
              std::string(kRecorded)};
  if (library == nullptr) return check;
  const BoardFigures figures =
      library->measure(one_scale_a_layer(random_int8_model({32, 16, 4})), random_inputs(32), "-O3");
  check.model = figures.zero_wait_cycles;
  check.with_flash = figures.cycles_estimate;
  check.how = fmt::format("{}, commit {}", kHere, library->version());
  return check;
}

}  // namespace

double cycles_per_iteration(const DelayLoop& loop) {
  const mcu::TemporaryFolder folder;
  const nn::Model model = random_int8_model({1, 1});
  const mcu::EncodedModel encoded = mcu::encode(model);
  const std::string body = fmt::format(
      "  uint32_t count = static_cast<uint8_t>(inputs[0]) * {}u;\n"
      "  asm volatile(\".balign 4\\n1: {}\" : \"+l\"(count) : : \"cc\");\n"
      "  outputs[0] = static_cast<int8_t>(count);\n",
      kIterations * loop.step, loop.assembly);
  mcu::export_foreign_sketch(encoded, mcu::foreign_model_header(encoded, "loop", "", "", body),
                             mcu::make_test_vectors(model, random_inputs(1), 1),
                             folder.path() / "loop");
  mcu::EmulatedBoard board(mcu::build_image(folder.path() / "loop", folder.path() / "build"),
                           {.timing_plugin = PARE_TIMING_PLUGIN});
  for (const std::uint8_t count : {kFew, kMany}) board.client().infer(std::span(&count, 1));
  const std::vector<mcu::Timing> timings = board.stop();
  if (timings.size() != 2) {
    throw std::runtime_error(fmt::format("the timing model saw {} of 2 loops", timings.size()));
  }
  return static_cast<double>((timings[1] - timings[0]).cycles) / (kIterations * (kMany - kFew));
}

Table timing_table(const CmsisNn* library) {
  const std::string held_out(kHeldOut);
  const std::string recorded(kRecorded);
  const std::vector<Check> checks{
      check_loop(kNrfxDelay, "settled the refill of a taken branch"),
      check_cmsis_nn(library),
      check_loop(kMbedWait, held_out),
      {"X25519 in assembly", "Cortex-M4", 548873, 546554, {}, held_out, recorded},
      {"X25519 on the FPU", "Cortex-M4", 476275, 478574, {}, held_out, recorded},
  };
  Table table{{"what", "chip", "published", "model", "off %", "with flash", "with flash off %",
               "role", "how"},
              {false, false, true, true, true, true, true, false, false},
              {}};
  for (const Check& check : checks) {
    table.rows.push_back({std::string(check.what), std::string(check.chip), cell(check.published),
                          cell(check.model), off(check.model, check.published),
                          cell(check.with_flash), off(check.with_flash, check.published),
                          check.role, check.how});
  }
  // Of P-256 only the differences were recorded.
  const std::string none(kNothing);
  for (const auto& [what, difference] :
       {std::pair("P-256, nearest", "-1.7"), std::pair("P-256, farthest", "-6.2")}) {
    table.rows.push_back(
        {what, "nRF52840", none, none, difference, none, none, held_out, recorded});
  }
  return table;
}

}  // namespace pare::bench
