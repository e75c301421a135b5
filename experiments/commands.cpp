#include "experiments/commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "bench/kernels.h"
#include "bench/measure.h"
#include "bench/validate.h"
#include "experiments/results.h"
#include "experiments/runner.h"
#include "mcu/export_sketch.h"
#include "mcu/temporary_folder.h"

namespace pare::experiments {
namespace {

void print(const bench::Table& table, bench::Format format) {
  fmt::print("{}", bench::format_table(table, format));
}

/// The per-layer count of results.json, with the sum of all layers below.
bench::Table layer_table(const nlohmann::json& layers) {
  bench::Table table{
      {"layer", "inputs", "outputs", "params", "bytes"}, {false, true, true, true, true}, {}};
  long parameters = 0;
  long bytes = 0;
  for (const auto& layer : layers) {
    const auto cell = [&](const char* key) { return fmt::format("{}", layer.at(key).get<long>()); };
    table.rows.push_back({fmt::format("{}", table.rows.size() + 1), cell("inputs"), cell("outputs"),
                          cell("parameters"), cell("bytes")});
    parameters += layer.at("parameters").get<long>();
    bytes += layer.at("bytes").get<long>();
  }
  table.rows.push_back({"all", "-", "-", fmt::format("{}", parameters), fmt::format("{}", bytes)});
  return table;
}

bool for_people(bench::Format format) {
  return format == bench::Format::text || format == bench::Format::markdown;
}

/// A pass as a block of text: narrower than its row of the table.
void print_pass(std::string_view name) {
  const compress::Step step = compress::make_step(name);
  fmt::print("{}: {}\n  {}\n", step.name, step.info.summary, step.info.source);
  for (const compress::OptionDoc& option : step.options) {
    fmt::print("    {:<16} {} ({}; default {})\n", option.name, option.help, option.range,
               option.fallback);
  }
  fmt::print("\n");
}

}  // namespace

bool run_experiment(const RunArguments& arguments) {
  const Experiment experiment = load_experiment(arguments.config, arguments.overrides);
  const std::filesystem::path folder = arguments.out.empty()
                                           ? std::filesystem::path("results") / experiment.name
                                           : std::filesystem::path(arguments.out);
  check_target(folder);
  const Results results = run(experiment);
  write_results(results, folder);
  if (for_people(arguments.format)) {
    print(layer_table(results.layers), arguments.format);
    fmt::print("\n");
  }
  print(bench::comparison_table(results.rows), arguments.format);
  std::fflush(stdout);
  if (isatty(STDERR_FILENO) == 1) {
    fmt::print(stderr, "\nwritten to {}; next: ./pare export {} VARIANT --to FOLDER\n",
               folder.string(), folder.string());
  }
  for (const std::string& note : results.notes) fmt::print(stderr, "pare: {}\n", note);
  return results.all_agree;
}

void print_table(const TableArguments& arguments) {
  std::vector<bench::Row> rows = read_rows(arguments.results);
  if (!arguments.sort.empty()) bench::sort_rows(rows, arguments.sort);
  print(bench::comparison_table(rows), arguments.format);
}

void print_passes(const PassesArguments& arguments) {
  if (arguments.format == bench::Format::text) {
    for (const std::string_view name : compress::pass_names()) print_pass(name);
    return;
  }
  bench::Table table{
      {"pass", "option", "default", "range", "meaning", "source"}, std::vector<bool>(6, false), {}};
  for (const std::string_view name : compress::pass_names()) {
    const compress::Step step = compress::make_step(name);
    table.rows.push_back(
        {step.name, "-", "-", "-", std::string(step.info.summary), std::string(step.info.source)});
    for (const compress::OptionDoc& option : step.options) {
      table.rows.push_back(
          {step.name, option.name, option.fallback, option.range, option.help, "-"});
    }
  }
  print(table, arguments.format);
}

void print_kernel_bench(const BenchArguments& arguments) {
  print(bench::kernel_table(), arguments.format);
}

void export_variant(const VariantArguments& arguments) {
  const StoredVariant stored = load_variant(arguments.results, arguments.variant);
  std::filesystem::path folder = arguments.to;
  if (!folder.has_filename()) folder = folder.parent_path();  // "sketches/sine/"
  mcu::export_sketch(
      mcu::encode(stored.model), stored.row.name,
      mcu::make_test_vectors(stored.model, stored.data.test.inputs, mcu::kStoredVectors), folder,
      arguments.weights);
  fmt::print(
      "{}: open it in the Arduino IDE, or compile it with\n"
      "  arduino-cli compile -b arduino:mbed_nano:nano33ble {}\n",
      folder.string(), folder.string());
}

bool flash_variant(const VariantArguments& arguments) {
  const StoredVariant stored = load_variant(arguments.results, arguments.variant);
  const mcu::TemporaryFolder work;
  const bench::FlashReport report =
      bench::flash_board(stored.model, stored.row.name, stored.data.test.inputs, work.path());
  fmt::print(
      "{} started on the {} board: {} bytes of flash and {} bytes of static RAM, sketch included; "
      "it answers with kernel version {}, model hash {:08x} and self-test {} of {}\n",
      stored.row.name, arguments.board, report.flash_bytes, report.ram_bytes, report.kernel_version,
      report.hash, report.selftest_passed, report.selftest_vectors);
  return report.selftest_passed == report.selftest_vectors;
}

bool validate_variant(const VariantArguments& arguments) {
  StoredVariant stored = load_variant(arguments.results, arguments.variant);
  const mcu::TemporaryFolder work;
  const bool agrees =
      bench::validate_board(stored.model, stored.data.test.inputs, work.path(), stored.row);
  const bench::Row& row = stored.row;
  if (nn::arithmetic(stored.model) == nn::Arithmetic::int8) {
    fmt::print(
        "{} on the {} board: {} of {} test vectors are bit-exact between the reference, the "
        "host's kernel and the board\n",
        row.name, row.board, *row.bit_exact, *row.vectors);
  } else {
    fmt::print(
        "{} on the {} board: over {} test vectors, the host's kernel and the board differ "
        "from the reference by at most {:.2g}; {:g} is allowed\n",
        row.name, row.board, *row.vectors, *row.max_difference, bench::kFloatTolerance);
  }
  std::fflush(stdout);
  update_row(arguments.results, stored.row);
  return agrees;
}

}  // namespace pare::experiments
