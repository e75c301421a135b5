#include "experiments/commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "bench/comparison.h"
#include "bench/cores.h"
#include "bench/encoding_costs.h"
#include "bench/kernels.h"
#include "bench/notes.h"
#include "bench/peers/onnx_runtime.h"
#include "bench/prices.h"
#include "bench/timing_checks.h"
#include "experiments/environment.h"
#include "experiments/job_queue.h"
#include "experiments/messages.h"
#include "experiments/peer_bench.h"
#include "experiments/progress.h"
#include "experiments/results.h"
#include "experiments/runner.h"
#include "experiments/sensitivity.h"
#include "experiments/terminal.h"
#include "nn/text_file.h"

namespace pare::experiments {
namespace {

std::size_t output_width() { return terminal_width(STDOUT_FILENO).value_or(bench::kNoLimit); }

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

/// The base model with the first seed, with a line of progress of its own.
nn::Model train_alone(const Experiment& experiment, BaseCache& cache, const nn::Split& data) {
  Progress progress(1);
  progress.expect(experiment.train.epochs);
  Progress::Job job(progress, "base model", experiment.train.epochs);
  return cache.base_model(experiment.seeds.front(), data, [&](int, double) { job.finish_epoch(); });
}

/// What the user should know of the base models.
void report(const BaseCache& cache, std::size_t seeds) {
  for (const std::string& note : cache.notes()) say(fmt::format("pare: {}\n", note));
  if (cache.found() > 0 && terminal_width(STDERR_FILENO)) {
    say(fmt::format("{} of {} base models taken from {}; --fresh trains anew\n", cache.found(),
                    seeds, kBaseCache));
  }
}

/// The same of the other jobs.
void report(const Journal& journal) {
  for (const std::string& note : journal.notes()) say(fmt::format("pare: {}\n", note));
  if (journal.found() > 0 && terminal_width(STDERR_FILENO)) {
    say(fmt::format("{} jobs taken from {}, done by an earlier run; --fresh does them anew\n",
                    journal.found(), kBaseCache));
  }
}

void report_notes(const std::vector<bench::SeedRows>& rows,
                  const std::vector<std::uint64_t>& seeds) {
  for (const std::string& note : bench::collect_notes(rows, seeds)) {
    say(fmt::format("pare: {}\n", note));
  }
}

/// Options as a block of text: narrower than their rows of a table.
void print_options(const std::vector<compress::OptionDoc>& options) {
  for (const compress::OptionDoc& option : options) {
    const std::string help = option.help.empty() ? "" : option.help + " ";
    fmt::print("    {:<18} {}({}; default {})\n", option.name, help, option.range, option.fallback);
  }
  fmt::print("\n");
}

void print_pass(std::string_view name) {
  const compress::Step step = compress::make_step(name);
  fmt::print("{}: {}\n  {}\n", step.name, step.info.summary, step.info.source);
  print_options(step.options);
}

/// The checkout that --cmsis-nn names, if it is given.
std::optional<bench::CmsisNn> open_library(const BenchArguments& arguments) {
  if (arguments.cmsis_nn.empty()) return std::nullopt;
  return bench::CmsisNn(arguments.cmsis_nn);
}

}  // namespace

bool run_experiment(const RunArguments& arguments) {
  const Experiment experiment = load_experiment(arguments.config, arguments.overrides);
  const std::filesystem::path folder = arguments.out.empty()
                                           ? std::filesystem::path("results") / experiment.name
                                           : std::filesystem::path(arguments.out);
  check_target(folder);
  BaseCache cache(experiment, kBaseCache, arguments.fresh);
  nlohmann::json environment = describe_environment();
  Journal journal(experiment, cache.hash(), environment, kBaseCache, arguments.fresh);
  const Results results = run(experiment, cache, journal, std::move(environment));
  write_results(results, folder);
  if (results.whole) journal.remove_the_rest();
  if (bench::for_people(arguments.format)) {
    show_table(layer_table(results.layers), arguments.format);
    fmt::print("\n");
  }
  fmt::print("{}", bench::format_comparison(results.rows, arguments.format, {}, output_width()));
  std::fflush(stdout);
  if (terminal_width(STDERR_FILENO)) {
    say(fmt::format("\nwritten to {}; next: ./pare export {} VARIANT --to FOLDER\n",
                    folder.string(), folder.string()));
  }
  report(cache, experiment.seeds.size());
  report(journal);
  for (const std::string& note : results.notes) say(fmt::format("pare: {}\n", note));
  report_notes(results.rows, results.seeds);
  if (!results.whole) {
    say("pare: not every variant is whole; the same command tries again, and keeps what is done\n");
  }
  return results.whole;
}

void print_table(const TableArguments& arguments) {
  const StoredRows rows = read_rows(arguments.results);
  fmt::print("{}", bench::format_comparison(rows.variants, arguments.format, arguments.sort,
                                            output_width()));
  std::fflush(stdout);
  report_notes(rows.variants, rows.seeds);
}

void print_sensitivity(const RunArguments& arguments) {
  const Experiment experiment = load_experiment(arguments.config, arguments.overrides);
  if (!arguments.out.empty()) nn::check_file_target(arguments.out, "--out");
  BaseCache cache(experiment, kBaseCache, arguments.fresh);
  const std::uint64_t seed = experiment.seeds.front();
  const nn::Split data = make_data(experiment, seed);
  const nn::Model base = train_alone(experiment, cache, data);
  const Sensitivity sensitivity = measure_sensitivity(
      base, {data.train, data.validation, experiment.train, seed, {}, &base, experiment.retrain},
      processor_count());
  const bench::Table table = sensitivity_table(base, sensitivity, data.validation.task);
  if (!arguments.out.empty()) {
    nn::replace_text(arguments.out, bench::format_table(table, bench::Format::csv));
  }
  show_table(table, arguments.format);
  if (bench::for_people(arguments.format)) {
    fmt::print(
        "\nOn {} validation samples, seed {}, without training. Sparsity: magnitude_prune of this "
        "layer alone, in float32.\nBits: quantize_weights of this layer, the others in 8 bits, "
        "activations in int8.\n",
        data.validation.inputs.rows(), seed);
  }
  std::fflush(stdout);
  report(cache, 1);
  for (const std::string& note : experiment.notes) say(fmt::format("pare: {}\n", note));
  for (const std::string& note : data.notes) say(fmt::format("pare: {}\n", note));
}

void print_passes(const PassesArguments& arguments) {
  const std::vector<std::string_view> names = arguments.name.empty()
                                                  ? compress::pass_names()
                                                  : std::vector<std::string_view>{arguments.name};
  if (arguments.format == bench::Format::text) {
    for (const std::string_view name : names) print_pass(name);
    return;
  }
  bench::Table table{
      {"pass", "option", "default", "range", "meaning", "source"}, std::vector<bool>(6, false), {}};
  for (const std::string_view name : names) {
    const compress::Step step = compress::make_step(name);
    table.rows.push_back(
        {step.name, "-", "-", "-", std::string(step.info.summary), std::string(step.info.source)});
    for (const compress::OptionDoc& option : step.options) {
      table.rows.push_back(
          {step.name, option.name, option.fallback, option.range, option.help, "-"});
    }
  }
  show_table(table, arguments.format);
}

void print_config(const ConfigArguments& arguments) {
  if (arguments.format == bench::Format::text) {
    for (const TableDoc& doc : config_docs()) {
      fmt::print("{}\n", doc.title());
      print_options(doc.options);
    }
    fmt::print("[[variants]]\n    name, passes = [...]   ./pare passes lists them\n");
    return;
  }
  bench::Table table{{"table", "key", "default", "range", "meaning"}, std::vector<bool>(5), {}};
  for (const TableDoc& doc : config_docs()) {
    for (const compress::OptionDoc& option : doc.options) {
      table.rows.push_back({doc.title(), option.name, option.fallback, option.range, option.help});
    }
  }
  show_table(table, arguments.format);
}

void print_kernel_bench(const BenchArguments& arguments) {
  const std::optional<bench::CmsisNn> library = open_library(arguments);
  const bench::CmsisNn* const cmsis_nn = library ? &*library : nullptr;
  show_table(bench::kernel_table(cmsis_nn), arguments.format);
  std::fflush(stdout);
  fmt::print(bench::for_people(arguments.format) ? stdout : stderr, "\n{}",
             bench::kernel_notes(cmsis_nn));
}

void print_timing_bench(const BenchArguments& arguments) {
  const std::optional<bench::CmsisNn> library = open_library(arguments);
  show_table(bench::timing_table(library ? &*library : nullptr), arguments.format);
}

void print_encoding_bench(const BenchArguments& arguments) {
  show_table(bench::encoding_table(), arguments.format);
}

void measure_costs(const BenchArguments& arguments) {
  const bench::FittedPrices prices = bench::measure_prices();
  nn::replace_text(bench::costs_path(), bench::costs_source(prices));
  show_table(bench::price_table(prices), arguments.format);
  std::fflush(stdout);
  fmt::print(stderr,
             "written to {}; build pare again to use it. In nineteen of twenty models the prices "
             "are at most {:.1f} bytes and {:.1f} % of the cycles from what was measured\n",
             bench::costs_path().string(), prices.code_error_bytes, 100 * prices.cycles_error);
}

void print_core_bench(const BenchArguments& arguments) {
  show_table(bench::core_table(), arguments.format);
}

void print_peer_bench(const BenchArguments& arguments) {
  const auto onnx_runtime = bench::find_onnx_runtime(arguments.onnx_runtime);
  if (!onnx_runtime) {
    fmt::print(stderr,
               "pare: no ONNX Runtime in {}: its rows are left out. To have them (291 MB):\n"
               "npm install --ignore-scripts --prefix {} onnxruntime-node@1.30.0\n",
               arguments.onnx_runtime, arguments.onnx_runtime);
  }
  const bench::PeerReport report = run_peer_bench(arguments.rounds, onnx_runtime);
  show_table(bench::peer_table(report.rows), arguments.format);
  std::fflush(stdout);
  const nlohmann::json here = describe_environment();
  fmt::print(bench::for_people(arguments.format) ? stdout : stderr,
             "\nrounds: {}; here: {}, {}, {}, {} cores; there: {}\n", arguments.rounds,
             here.at("processor").get<std::string>(), here.at("compiler").get<std::string>(),
             here.at("flags").get<std::string>(), here.at("cores").get<unsigned>(),
             report.versions);
}

}  // namespace pare::experiments
