#include "experiments/cli.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <stdexcept>

#include "experiments/commands.h"

namespace pare::experiments {
namespace {

const std::map<std::string, bench::Format> kFormats{{"text", bench::Format::text},
                                                    {"md", bench::Format::markdown},
                                                    {"csv", bench::Format::csv},
                                                    {"json", bench::Format::json}};

/// Refuses what is none of `words`.
CLI::Validator one_of(const std::vector<std::string>& words) {
  return {[words](const std::string& word) {
            if (std::find(words.begin(), words.end(), word) != words.end()) return std::string();
            return fmt::format("'{}' is none of: {}", word, fmt::join(words, ", "));
          },
          ""};
}

void add_format(CLI::App& command, bench::Format& format) {
  command
      .add_option_function<std::string>(
          "--format", [&format](const std::string& word) { format = kFormats.at(word); },
          "text, md, csv or json")
      ->check(one_of({"text", "md", "csv", "json"}))
      ->type_name("FORMAT");
}

void add_variant(CLI::App& command, VariantArguments& arguments) {
  command.add_option("RESULTS", arguments.results, "a folder that run wrote, such as results/sine")
      ->required()
      ->type_name("");
  command.add_option("VARIANT", arguments.variant, "a variant in it")->required()->type_name("");
}

void add_weights(CLI::App& command, VariantArguments& arguments) {
  command
      .add_option_function<std::string>(
          "--weights",
          [&arguments](const std::string& word) {
            arguments.weights = word == "ram" ? mcu::Memory::ram : mcu::Memory::flash;
          },
          "where the board keeps them while it computes: flash (default), or ram")
      ->check(one_of({"flash", "ram"}))
      ->type_name("MEMORY");
}

void add_board(CLI::App& command, VariantArguments& arguments) {
  command.add_option("--board", arguments.board, "emulated: a Cortex-M4F board in QEMU")
      ->required()
      ->check(one_of({"emulated"}))
      ->type_name("BOARD");
}

void add_bench(CLI::App& app, BenchArguments& arguments) {
  auto* bench = app.add_subcommand("bench", "make the speed tables on the spot");
  bench->require_subcommand(1);
  auto* kernels =
      bench->add_subcommand("kernels", "the kernels on the emulated board, beside the best peers");
  add_format(*kernels, arguments.format);
  kernels->callback([&] { print_kernel_bench(arguments); });
}

/// What is wrong with the command line, and where its help is.
std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<CLI::App*> given = app.get_subcommands();
  if (!given.empty()) {
    return fmt::format("{}; './pare {} --help' says more", error.what(), given[0]->get_name());
  }
  const std::vector<std::string> rest = app.remaining();
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
  return fmt::format(
      "{}; there are: {}; './pare --help' says more",
      rest.empty() ? "a command is missing" : fmt::format("there is no command '{}'", rest[0]),
      fmt::join(known, ", "));
}

}  // namespace

int run_cli(int argc, char** argv) {
  CLI::App app(
      "pare shrinks multi-layer perceptrons until they fit a microcontroller, measures what each\n"
      "shrinking costs, and proves on the board that what runs there is what was measured.",
      "pare");
  app.footer(
      "Besides these, ./pare doctor says what is installed and what is missing, and ./pare test\n"
      "runs the whole test suite.");
  app.require_subcommand(1);

  int exit_code = 0;
  RunArguments run;
  auto* run_command = app.add_subcommand("run", "train, compress, measure, print the table");
  run_command
      ->add_option("CONFIG", run.config, "a TOML file, such as experiments/configs/sine.toml")
      ->required()
      ->type_name("");
  run_command
      ->add_option("--set", run.overrides, "change the config, such as seed=3; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  run_command
      ->add_option("--out", run.out,
                   "the results folder (default: results/<name>); results in it are replaced")
      ->type_name("DIR");
  add_format(*run_command, run.format);
  run_command->callback([&] { exit_code = run_experiment(run) ? 0 : 1; });

  TableArguments table;
  auto* table_command = app.add_subcommand("table", "print the table of a results folder");
  table_command->add_option("RESULTS", table.results, "a folder that run wrote")
      ->required()
      ->type_name("");
  table_command->add_option("--sort", table.sort, "a column's title, such as \"flash B\"")
      ->type_name("COLUMN");
  add_format(*table_command, table.format);
  table_command->callback([&] { print_table(table); });

  VariantArguments chosen;
  auto* export_command = app.add_subcommand("export", "write a variant's sketch folder");
  add_variant(*export_command, chosen);
  export_command->add_option("--to", chosen.to, "the sketch folder, which must not exist yet")
      ->required()
      ->type_name("DIR");
  add_weights(*export_command, chosen);
  export_command->callback([&] { export_variant(chosen); });

  auto* flash_command =
      app.add_subcommand("flash", "build a variant's sketch and start a board on it");
  add_variant(*flash_command, chosen);
  add_board(*flash_command, chosen);
  flash_command->callback([&] { exit_code = flash_variant(chosen) ? 0 : 1; });

  auto* validate_command = app.add_subcommand(
      "validate", "send the test set to a board and compare its outputs with the host's");
  add_variant(*validate_command, chosen);
  add_board(*validate_command, chosen);
  validate_command->callback([&] { exit_code = validate_variant(chosen) ? 0 : 1; });

  PassesArguments passes;
  auto* passes_command = app.add_subcommand("passes", "list every pass with its options");
  add_format(*passes_command, passes.format);
  passes_command->callback([&] { print_passes(passes); });

  BenchArguments bench;
  add_bench(app, bench);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // the help
    throw std::invalid_argument(explain(app, error));
  }
  return exit_code;
}

}  // namespace pare::experiments
