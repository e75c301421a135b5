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
void compare(const bench::BoardRow& measured, const bench::Row& row) {
  const auto found = row.boards.find(mcu::nano33ble().name);
  if (found == row.boards.end()) return;
  const bench::BoardRow& stored = found->second;
  const auto differs = [&](bench::Number bench::BoardRow::*number) {
    return stored.*number && stored.*number != measured.*number;
  };
  if (differs(&bench::BoardRow::instructions) || differs(&bench::BoardRow::flash_cycles_estimate)) {
    say(fmt::format(
        "pare: the results have {} instructions and {} cycles of {}: another compiler or "
        "version of pare measured them; './pare run CONFIG' does it anew\n",
        *stored.instructions, stored.flash_cycles_estimate.value_or(0), row.name));
  }
}

}  // namespace

void print_profile(const VariantArguments& arguments) {
  const StoredVariant stored =
      load_variant(arguments.results, arguments.variant, arguments.seed, arguments.optimize);
  const bench::Profile profile = measure(stored);
  show_table(bench::profile_table(profile), arguments.format);
  if (bench::for_people(arguments.format)) {
    fmt::print(
        "\n{} takes {} bytes of flash, {} of static RAM and {} of stack, painted; the board leaves "
        "{} bytes of flash and {} of RAM to a sketch.\nInstructions are exact. Cycles are "
        "estimates: at zero wait states, and with a charge for data read from flash.\n",
        stored.row.name, *profile.figures.flash_bytes, *profile.figures.ram_bytes,
        *profile.figures.stack_bytes, mcu::nano33ble().sketch_flash_bytes,
        mcu::nano33ble().sketch_ram_bytes);
  }
  std::fflush(stdout);
  if (stored.as_measured) compare(profile.figures, stored.row);
}

}  // namespace pare::experiments
