#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "bench/board_validation.h"
#include "bench/choose_encodings.h"
#include "bench/flash.h"
#include "bench/measure.h"
#include "bench/validate.h"
#include "experiments/commands.h"
#include "experiments/messages.h"
#include "experiments/progress.h"
#include "experiments/results.h"
#include "mcu/export_sketch.h"
#include "mcu/forms/form.h"
#include "mcu/process.h"
#include "mcu/temporary_folder.h"
#include "mcu/usb_ports.h"

namespace pare::experiments {
namespace {

namespace fs = std::filesystem;

const std::string kNano = "nano33ble";
const std::string kEmulated = "emulated";
constexpr double kNanoMhz = 64;

/// Where the board of the arguments is looked for.
mcu::BoardSearch search(const VariantArguments& arguments) {
  mcu::BoardSearch search;
  search.wanted_port = arguments.port;
  return search;
}

StoredVariant load(const VariantArguments& arguments) {
  return load_variant(arguments.results, arguments.variant, arguments.seed, arguments.optimize);
}

/// What to do about a board that holds another model: the same one may be encoded otherwise.
std::runtime_error explain_other_model(const StoredVariant& stored,
                                       const bench::OtherModel& error) {
  const auto holds = [&](const std::string& how, const std::string& what_to_do) {
    return std::runtime_error(fmt::format("the board holds {} encoded {}; {}, or flash it again",
                                          stored.row.name, how, what_to_do));
  };
  if (mcu::hash_text(error.found()) == stored.row.model_hash) {
    return holds("as it was measured", "leave --optimize out");
  }
  for (const mcu::Optimize optimize : mcu::kOptimizes) {
    if (mcu::hash(bench::choose_encodings(stored.artefact.model, {optimize})) != error.found())
      continue;
    const std::string_view name = mcu::name(optimize);
    return holds(fmt::format("for {}", name), fmt::format("say --optimize {}", name));
  }
  return std::runtime_error(error.what());
}

void check_port(const VariantArguments& arguments) {
  if (arguments.port.empty() || arguments.board == kNano) return;
  throw std::invalid_argument(
      fmt::format("--port {} is for --board nano33ble; the {} board has no port", arguments.port,
                  arguments.board));
}

void check_budget(const bench::Row& row, const VariantArguments& arguments) {
  if (row.excess.empty() || arguments.force) return;
  throw std::invalid_argument(fmt::format(
      "{} is over its budget: {}; --force takes it all the same", row.name, row.excess));
}

std::string describe(const bench::Footprint& footprint) {
  return fmt::format(
      "{} bytes of flash and {} bytes of static RAM, sketch included but not the Arduino core, and "
      "{} bytes of stack",
      footprint.flash_bytes, footprint.ram_bytes, footprint.stack_bytes);
}

/// What a variant takes, or with `force` that it does not fit.
std::string describe(const StoredVariant& stored, bool force) {
  const mcu::TemporaryFolder work;
  try {
    return describe(
        bench::measure_footprint(stored.artefact, stored.data.test.inputs, work.path()));
  } catch (const mcu::DoesNotFit& error) {
    if (force) return error.what();
    throw std::runtime_error(
        fmt::format("{}: {}; --force exports it all the same", stored.row.name, error.what()));
  }
}

/// The names of the classes: their numbers.
std::vector<std::string> labels_of(const nn::Dataset& data) {
  std::vector<std::string> labels;
  if (data.task != nn::Task::classification) return labels;
  for (nn::Index i = 0; i < data.targets.cols(); ++i) labels.push_back(fmt::format("{}", i));
  return labels;
}

void print_cycles(const bench::Row& row) {
  const char* cache = *row.nano_instruction_cache == 1 ? "on" : "off";
  if (!row.nano_cycles_median) {
    fmt::print("no counter: the board's cycle counter does not move; instruction cache {}\n",
               cache);
    return;
  }
  const double mhz = *row.nano_counter_mhz;
  fmt::print(
      "cycles of one inference over {} runs: {} at least, {} in the median ({:.1f} us), {} at "
      "most; "
      "instruction cache {}\n",
      *row.nano_runs, *row.nano_cycles_min, *row.nano_cycles_median,
      *row.nano_cycles_median / kNanoMhz, *row.nano_cycles_max, cache);
  fmt::print("the counter runs at {:.2f} MHz by the board's micros(){}\n", mhz,
             std::abs(mhz - kNanoMhz) < 0.01 * kNanoMhz
                 ? ""
                 : fmt::format(", not at {:g}: one of the two is wrong", kNanoMhz));
}

bench::FlashReport start_board(const StoredVariant& stored, const VariantArguments& arguments) {
  Progress progress(1);
  progress.expect(0);
  const Progress::Job job(progress, "building, flashing and starting the sketch");
  const mcu::TemporaryFolder work;
  const nn::Matrix& inputs = stored.data.test.inputs;
  return arguments.board == kNano
             ? bench::flash_nano33ble(stored.artefact, inputs, work.path(), search(arguments))
             : bench::flash_emulated(stored.artefact, inputs, work.path());
}

}  // namespace

void export_variant(const VariantArguments& arguments) {
  const StoredVariant stored = load(arguments);
  check_budget(stored.row, arguments);
  const mcu::Form& form = mcu::form_named(arguments.form);
  if (arguments.weights == mcu::Memory::ram && !form.keeps_weights) {
    throw std::invalid_argument(
        fmt::format("--weights ram is for --as sketch, not for {}: leave it out", form.name));
  }
  fs::path folder = arguments.to;
  if (!folder.has_filename()) folder = folder.parent_path();  // "sketches/sine/"
  const bool replace = arguments.force && fs::exists(folder);
  if (replace && !mcu::is_export(folder)) {
    throw std::invalid_argument(
        fmt::format("{} exists and is no export: --force does not replace it; name another folder",
                    folder.string()));
  }
  // A new folder is written beside the old one, which is there until the new one is whole.
  const fs::path beside = folder.string() + fmt::format(".{}", getpid());
  const fs::path target = replace ? beside / folder.filename() : folder;
  const nn::Matrix& inputs = stored.data.test.inputs;
  form.check(target);
  const mcu::Component component = mcu::make_component(
      stored.artefact, arguments.name.empty() ? mcu::identifier(stored.row.name) : arguments.name,
      stored.data.test.task, labels_of(stored.data.test));
  const mcu::TestVectors vectors =
      mcu::make_test_vectors(stored.artefact.model, inputs, mcu::kStoredVectors);
  const std::string takes =
      form.keeps_weights
          ? describe(stored, arguments.force)
          : fmt::format("{} bytes of parameters and {} bytes of static RAM",
                        stored.artefact.encoded.bytes.size(), component.static_ram_bytes);
  const mcu::Export what{stored.artefact, component, vectors, arguments.weights};
  form.write(what, target);
  if (replace) {
    fs::remove_all(folder);
    fs::rename(target, folder);
    fs::remove(beside);
  }
  fmt::print("{}: {}\n{}: {}\n", stored.label, takes, folder.string(), form.advice(what, folder));
  if (!stored.as_measured) {
    fmt::print("It is not encoded as it was measured: validate it with --optimize {}, too\n",
               mcu::name(arguments.optimize.value()));
  }
}

bool flash_variant(const VariantArguments& arguments) {
  check_port(arguments);
  const StoredVariant stored = load(arguments);
  check_budget(stored.row, arguments);
  const bench::FlashReport report = start_board(stored, arguments);
  fmt::print(
      "{} started on the {} board: {}; it answers with kernel version {}, model hash {:08x} and "
      "self-test {} of {}\n",
      stored.label, arguments.board, describe(report.footprint), report.info.kernel_version,
      report.info.hash, report.selftest.passed, report.selftest.total);
  return report.selftest.passed == report.selftest.total;
}

bool validate_variant(const VariantArguments& arguments) {
  check_port(arguments);
  StoredVariant stored = load(arguments);
  const nn::Matrix& inputs = stored.data.test.inputs;
  const mcu::TemporaryFolder work;
  bench::Row& row = stored.row;
  const bool nano = arguments.board == kNano;
  const auto validate = [&] {
    return nano ? bench::validate_nano33ble(stored.artefact, inputs, search(arguments), row)
                : bench::validate_board(stored.artefact, inputs, work.path(), row);
  };
  bool agrees = false;
  try {
    agrees = validate();
  } catch (const bench::OtherModel& error) {
    throw explain_other_model(stored, error);
  }
  const bench::Row::Number vectors = nano ? row.nano_vectors : row.vectors;
  if (stored.artefact.encoded.arithmetic == nn::Arithmetic::int8) {
    fmt::print(
        "{} on the {} board: {} of {} test vectors are bit-exact between the reference, the "
        "host's kernel and the board\n",
        stored.label, arguments.board, *(nano ? row.nano_bit_exact : row.bit_exact), *vectors);
  } else {
    fmt::print(
        "{} on the {} board: over {} test vectors, the host's kernel and the board differ "
        "from the reference by at most {:.2g}, {}\n",
        stored.label, arguments.board, *vectors,
        *(nano ? row.nano_max_difference : row.max_difference),
        agrees ? "which rounding explains" : "more than rounding explains");
  }
  if (nano) print_cycles(row);
  std::fflush(stdout);
  if (stored.as_measured) {
    update_row(arguments.results, stored.seed, row);
  } else {
    say(fmt::format("pare: not kept in {}: its numbers are of another --optimize\n",
                    arguments.results));
  }
  return agrees;
}

void print_boards(const BoardsArguments& arguments) {
  bench::Table table{
      {"board", "port", "USB id", "serial number", "state"}, std::vector<bool>(5, false), {}};
  const auto or_nothing = [](const std::string& text) { return text.empty() ? "-" : text; };
  for (const mcu::UsbPort& port : mcu::list_usb_ports()) {
    const mcu::NanoState state = mcu::nano_state(port);
    table.rows.push_back({state == mcu::NanoState::none ? or_nothing(port.product) : kNano,
                          port.device.string(), port.usb_id, or_nothing(port.serial_number),
                          state == mcu::NanoState::none     ? "not a board of pare's"
                          : state == mcu::NanoState::sketch ? "runs a sketch"
                                                            : "in its bootloader"});
  }
  const bool installed = mcu::find_program("qemu-system-arm").has_value();
  table.rows.push_back({kEmulated, "-", "-", "-",
                        installed ? "there" : "qemu-system-arm is missing: './pare doctor'"});
  fmt::print("{}", bench::format_table(table, arguments.format));
}

}  // namespace pare::experiments
