#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "bench/comparison.h"
#include "bench/profile.h"
#include "experiments/commands.h"
#include "experiments/messages.h"
#include "experiments/progress.h"
#include "experiments/results.h"
#include "experiments/terminal.h"
#include "mcu/emulator/image.h"
#include "mcu/temporary_folder.h"

namespace pare::experiments {
namespace {

bench::Profile measure(const StoredVariant& stored) {
  Progress progress(1);
  progress.expect(0);
  const Progress::Job job(progress, "profiling on the emulated board");
  const mcu::TemporaryFolder work;
  return bench::profile(stored.artefact, stored.data.test.inputs, work.path());
}

/// Says so where the results table has another figure: it then comes from another version of the
/// kernel or the compiler.
void compare(const bench::Row& measured, const bench::Row& stored) {
  const auto differs = [&](bench::Row::Number bench::Row::*number) {
    return stored.*number && stored.*number != measured.*number;
  };
  if (differs(&bench::Row::instructions) || differs(&bench::Row::flash_cycles_estimate)) {
    say(fmt::format(
        "pare: the results have {} instructions and {} cycles of {}: another compiler or "
        "version of pare measured them; './pare run CONFIG' does it anew\n",
        *stored.instructions, stored.flash_cycles_estimate.value_or(0), stored.name));
  }
}

}  // namespace

void print_profile(const VariantArguments& arguments) {
  const StoredVariant stored =
      load_variant(arguments.results, arguments.variant, arguments.seed, arguments.optimize);
  const bench::Profile profile = measure(stored);
  fmt::print("{}", bench::format_table(bench::profile_table(profile), arguments.format,
                                       terminal_width(STDOUT_FILENO).value_or(bench::kNoLimit)));
  if (bench::for_people(arguments.format)) {
    fmt::print(
        "\n{} takes {} bytes of flash, {} of static RAM and {} of stack, painted; the board leaves "
        "{} bytes of flash and {} of RAM to a sketch.\nInstructions are exact. Cycles are "
        "estimates: at zero wait states, and with a charge for data read from flash.\n",
        stored.row.name, *profile.row.flash_bytes, *profile.row.ram_bytes, *profile.row.stack_bytes,
        mcu::kSketchFlashBytes, mcu::kSketchRamBytes);
  }
  std::fflush(stdout);
  if (stored.as_measured) compare(profile.row, stored.row);
}

}  // namespace pare::experiments
