#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "bench/board_validation.h"
#include "bench/choose_encodings.h"
#include "bench/comparison.h"
#include "bench/measure.h"
#include "bench/validate.h"
#include "experiments/commands.h"
#include "experiments/deploy.h"
#include "experiments/messages.h"
#include "experiments/progress.h"
#include "experiments/results.h"
#include "experiments/terminal.h"
#include "mcu/export_sketch.h"
#include "mcu/forms/form.h"
#include "mcu/process.h"
#include "mcu/temporary_folder.h"
#include "mcu/usb_ports.h"
#include "nn/formats/format.h"
#include "nn/text_file.h"

namespace pare::experiments {
namespace {

namespace fs = std::filesystem;

const std::string kEmulated = "emulated";  ///< the Nano 33 BLE, as it was first called

/// Which board a command is about, and whether it is the board itself.
struct Chosen {
  const mcu::Board& board;
  bool device;

  std::string title() const {
    return std::string(device ? "" : "emulated ") + std::string(board.title);
  }
};

Chosen choose_board(const VariantArguments& arguments, const StoredVariant& stored) {
  if (!arguments.board.empty() && arguments.board != kEmulated) {
    return {mcu::board_named(arguments.board), true};
  }
  const Chosen chosen{
      mcu::board_named(arguments.board == kEmulated ? mcu::nano33ble().name
                       : arguments.emulated.empty() ? std::string_view(stored.first_board)
                                                    : std::string_view(arguments.emulated)),
      false};
  if (chosen.board.emulator != nullptr) return chosen;
  throw std::invalid_argument(
      fmt::format("the {} ({}) does not run here without hardware: --board {} is for the board "
                  "itself",
                  chosen.board.title, chosen.board.core, chosen.board.name));
}

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

void check_port(const VariantArguments& arguments, const Chosen& chosen) {
  if (arguments.port.empty() || chosen.device) return;
  throw std::invalid_argument(
      fmt::format("--port {} is for a board itself, such as --board nano33ble; an emulated one has "
                  "no port",
                  arguments.port));
}

void check_budget(const bench::Row& row, const VariantArguments& arguments,
                  std::string_view board) {
  const auto found = row.boards.find(board);
  if (found == row.boards.end() || found->second.excess.empty() || arguments.force) return;
  throw std::invalid_argument(fmt::format(
      "{} is over its budget: {}; --force takes it all the same", row.name, found->second.excess));
}

std::string describe(const Footprint& footprint) {
  return fmt::format(
      "{} bytes of flash and {} bytes of static RAM, sketch included but not the Arduino core, and "
      "{} bytes of stack",
      footprint.flash_bytes, footprint.ram_bytes, footprint.stack_bytes);
}

/// What a variant takes, or with `force` that it does not fit.
std::string describe(const StoredVariant& stored, const mcu::Board& board, bool force) {
  const mcu::TemporaryFolder work;
  try {
    return describe(
        measure_footprint(stored.artefact, board, stored.data.test.inputs, work.path()));
  } catch (const mcu::DoesNotFit& error) {
    if (force) return error.what();
    throw std::runtime_error(
        fmt::format("{}: {}; --force exports it all the same", stored.row.name, error.what()));
  }
}

void print_cycles(const mcu::Board& board, const bench::BoardRow& figures) {
  const char* cache = *figures.device_instruction_cache == 1 ? "on" : "off";
  if (!figures.device_cycles_median) {
    fmt::print("no counter: the board's cycle counter does not move; instruction cache {}\n",
               cache);
    return;
  }
  const double mhz = *figures.device_counter_mhz;
  fmt::print(
      "cycles of one inference over {} runs: {} at least, {} in the median ({:.1f} us), {} at "
      "most; "
      "instruction cache {}\n",
      *figures.device_runs, *figures.device_cycles_min, *figures.device_cycles_median,
      *figures.device_cycles_median / board.clock_mhz, *figures.device_cycles_max, cache);
  fmt::print("the counter runs at {:.2f} MHz by the board's micros(){}\n", mhz,
             std::abs(mhz - board.clock_mhz) < 0.01 * board.clock_mhz
                 ? ""
                 : fmt::format(", not at {:g}: one of the two is wrong", board.clock_mhz));
}

FlashReport start_board(const StoredVariant& stored, const Chosen& chosen,
                        const VariantArguments& arguments) {
  Progress progress(1);
  progress.expect(0);
  const Progress::Job job(progress, "building, flashing and starting the sketch");
  const mcu::TemporaryFolder work;
  const nn::Matrix& inputs = stored.data.test.inputs;
  return chosen.device
             ? flash_device(stored.artefact, chosen.board, inputs, work.path(), search(arguments))
             : flash_emulated(stored.artefact, chosen.board, inputs, work.path());
}

/// What can be measured of a board here, and with what.
std::string measured_here(const mcu::Board& board) {
  if (board.emulator == nullptr) return "nothing";
  std::string what = fmt::format(
      "{}, in {}", board.emulator->counts_cycles ? "instructions, cycles" : "instructions",
      board.emulator->program);
  for (const auto& [program, package] :
       {std::pair(board.toolchain->compiler, board.toolchain->package),
        std::pair(board.emulator->program, board.emulator->package)}) {
    if (!mcu::find_program(program)) {
      return fmt::format("{} ({} is missing: apt-get install {})", what, program, package);
    }
  }
  return what;
}

/// The ports at which a board is connected, and what it runs there.
std::string connected_at(const mcu::Board& board, const std::vector<mcu::UsbPort>& ports) {
  std::vector<std::string> places;
  for (const mcu::UsbPort& port : ports) {
    const mcu::PortState state = mcu::port_state(port, board);
    if (state == mcu::PortState::other) continue;
    places.push_back(fmt::format(
        "{}{}{}", port.device.string(),
        port.serial_number.empty() ? "" : fmt::format(" (serial number {})", port.serial_number),
        state == mcu::PortState::sketch ? "" : ", in its bootloader"));
  }
  return places.empty() ? std::string(bench::kNothing) : fmt::format("{}", fmt::join(places, "; "));
}

/// A variant as a model file of another tool.
void export_file(const StoredVariant& stored, const VariantArguments& arguments) {
  if (fs::exists(arguments.to) && !arguments.force) {
    throw std::invalid_argument(
        fmt::format("{} exists: name another file, or replace it with --force", arguments.to));
  }
  nn::check_file_target(arguments.to, "--to");
  const std::vector<std::string> losses = nn::write_model(stored.artefact.model, arguments.to);
  fmt::print("{}: written to {}\n", stored.label, arguments.to);
  std::fflush(stdout);
  for (const std::string& loss : losses) say(fmt::format("pare: {}\n", loss));
}

}  // namespace

void export_variant(const VariantArguments& arguments) {
  const StoredVariant stored = load(arguments);
  if (nn::is_model_file(arguments.to)) return export_file(stored, arguments);
  const mcu::Board& board = arguments.board.empty() ? mcu::board_named(stored.first_board)
                                                    : mcu::board_named(arguments.board);
  check_budget(stored.row, arguments, board.name);
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
      stored.artefact, arguments.name.empty() ? mcu::identifier(stored.row.name) : arguments.name);
  const mcu::TestVectors vectors =
      mcu::make_test_vectors(stored.artefact.model, inputs, mcu::kStoredVectors);
  const std::string takes =
      form.keeps_weights && board.emulator != nullptr
          ? describe(stored, board, arguments.force)
          : fmt::format("{} bytes of parameters and {} bytes of static RAM",
                        stored.artefact.encoded.bytes.size(), component.static_ram_bytes);
  const mcu::Export what{stored.artefact, component, vectors, board, arguments.weights};
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
  const StoredVariant stored = load(arguments);
  const Chosen chosen = choose_board(arguments, stored);
  check_port(arguments, chosen);
  check_budget(stored.row, arguments, chosen.board.name);
  const FlashReport report = start_board(stored, chosen, arguments);
  fmt::print(
      "{} started on the {}: {}it answers with kernel version {}, model hash {:08x} and "
      "self-test {} of {}\n",
      stored.label, chosen.title(),
      report.footprint ? describe(*report.footprint) + "; " : std::string(),
      report.info.kernel_version, report.info.hash, report.selftest.passed, report.selftest.total);
  return report.selftest.passed == report.selftest.total;
}

bool validate_variant(const VariantArguments& arguments) {
  StoredVariant stored = load(arguments);
  const Chosen chosen = choose_board(arguments, stored);
  check_port(arguments, chosen);
  const nn::Matrix& inputs = stored.data.test.inputs;
  const mcu::TemporaryFolder work;
  bench::BoardRow& figures = stored.row.boards[std::string(chosen.board.name)];
  bool agrees = false;
  try {
    agrees =
        chosen.device
            ? validate_device(stored.artefact, chosen.board, inputs, search(arguments), figures)
            : bench::validate_board(stored.artefact, chosen.board, inputs, work.path(), figures);
  } catch (const bench::OtherModel& error) {
    throw explain_other_model(stored, error);
  }
  const double vectors = *(chosen.device ? figures.device_vectors : figures.vectors);
  if (stored.artefact.encoded.arithmetic == nn::Arithmetic::int8) {
    fmt::print(
        "{} on the {}: {} of {} test vectors are bit-exact between the reference, the host's "
        "kernel and the board\n",
        stored.label, chosen.title(),
        *(chosen.device ? figures.device_bit_exact : figures.bit_exact), vectors);
  } else {
    fmt::print(
        "{} on the {}: over {} test vectors, the host's kernel and the board differ from the "
        "reference by at most {:.2g}, {}\n",
        stored.label, chosen.title(), vectors,
        *(chosen.device ? figures.device_max_difference : figures.max_difference),
        agrees ? "which rounding explains" : "more than rounding explains");
  }
  if (chosen.device) print_cycles(chosen.board, figures);
  std::fflush(stdout);
  if (stored.as_measured) {
    update_row(arguments.results, stored.seed, stored.row);
  } else {
    say(fmt::format("pare: not kept in {}: its numbers are of another --optimize\n",
                    arguments.results));
  }
  return agrees;
}

void print_boards(const BoardsArguments& arguments) {
  bench::Table table{
      {"board", "name", "core", "MHz", "flash B", "RAM B", "measured here", "connected"},
      {false, false, false, true, true, true, false, false},
      {}};
  const std::vector<mcu::UsbPort> ports = mcu::list_usb_ports();
  for (const mcu::Board* board : mcu::boards()) {
    table.rows.push_back({std::string(board->title), std::string(board->name),
                          std::string(board->core), fmt::format("{:g}", board->clock_mhz),
                          fmt::format("{}", board->sketch_flash_bytes),
                          fmt::format("{}", board->sketch_ram_bytes), measured_here(*board),
                          connected_at(*board, ports)});
  }
  show_table(table, arguments.format);
  if (!bench::for_people(arguments.format)) return;
  fmt::print(
      "\nFlash and RAM are what the Arduino core leaves to a sketch; of the ESP32s what there is, "
      "the "
      "core's own share not subtracted.\n");
  for (const mcu::UsbPort& port : ports) {
    const auto is = [&](const mcu::Board* board) {
      return mcu::port_state(port, *board) != mcu::PortState::other;
    };
    if (std::any_of(mcu::boards().begin(), mcu::boards().end(), is)) continue;
    fmt::print("Connected at {}, and no board of these: {} ({})\n", port.device.string(),
               port.product.empty() ? "a device without a name" : port.product, port.usb_id);
  }
}

}  // namespace pare::experiments
