#include "experiments/cli.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <stdexcept>

#include "experiments/commands.h"
#include "experiments/environment.h"
#include "experiments/init.h"
#include "experiments/model_commands.h"
#include "mcu/boards/board.h"
#include "mcu/forms/form.h"
#include "nn/activation.h"
#include "nn/nearest_name.h"

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
            return fmt::format("'{}' is none of: {}{}", word, fmt::join(words, ", "),
                               nn::did_you_mean(word, {words.begin(), words.end()}));
          },
          ""};
}

/// Refuses what no config can have as a seed.
std::string check_seed(const std::string& text) {
  const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
  if (digits && !text.empty() && text.size() <= 16) return {};
  return fmt::format("'{}' is no seed: a whole number from 0", text);
}

void add_format(CLI::App& command, bench::Format& format) {
  command
      .add_option_function<std::string>(
          "--format", [&format](const std::string& word) { format = kFormats.at(word); },
          "text, md, csv or json")
      ->check(one_of({"text", "md", "csv", "json"}))
      ->type_name("FORMAT");
}

/// What run and sensitivity have in common.
void add_config(CLI::App& command, RunArguments& arguments) {
  command
      .add_option("CONFIG", arguments.config, "a TOML file, such as experiments/configs/sine.toml")
      ->required()
      ->type_name("");
  command
      .add_option("--set", arguments.overrides,
                  "change the config, such as seed=3; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_flag("--fresh", arguments.fresh,
                   "make everything anew, also what results/.cache has from earlier runs");
  add_format(command, arguments.format);
}

std::vector<std::string> optimize_names() {
  std::vector<std::string> names;
  for (const mcu::Optimize optimize : mcu::kOptimizes) names.emplace_back(mcu::name(optimize));
  return names;
}

/// Gives `take` what --optimize says, if it is there.
void add_optimize(CLI::App& command, const std::function<void(const std::string&)>& take) {
  command
      .add_option_function<std::string>(
          "--optimize", take,
          "what the encodings of the layers are chosen for: size (the fewest bytes of flash), "
          "speed (the fewest cycles) or balance (the least product of both)")
      ->check(one_of(optimize_names()))
      ->type_name("WHAT");
}

void add_variant(CLI::App& command, VariantArguments& arguments) {
  command.add_option("RESULTS", arguments.results, "a folder that run wrote, such as results/sine")
      ->required()
      ->type_name("");
  command.add_option("VARIANT", arguments.variant, "a variant in it")->required()->type_name("");
  command.add_option("--seed", arguments.seed, "one of the run's seeds (default: the first)")
      ->check(CLI::Validator(check_seed, ""))
      ->type_name("N");
}

/// For another --optimize than the run had.
void add_optimize(CLI::App& command, VariantArguments& arguments) {
  add_optimize(command, [&arguments](const std::string& word) {
    for (const mcu::Optimize optimize : mcu::kOptimizes) {
      if (word == mcu::name(optimize)) arguments.optimize = optimize;
    }
  });
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

std::vector<std::string> board_names(bool emulated) {
  std::vector<std::string> names;
  for (const mcu::Board* board : mcu::boards()) {
    if (!emulated || board->emulator != nullptr) names.emplace_back(board->name);
  }
  return names;
}

void add_board(CLI::App& command, VariantArguments& arguments) {
  std::vector<std::string> names = board_names(false);
  const std::string known = fmt::format("{}", fmt::join(names, ", "));
  names.emplace_back("emulated");
  auto* board = command
                    .add_option("--board", arguments.board,
                                fmt::format("the board itself, which is connected: {}", known))
                    ->check(one_of(names))
                    ->type_name("BOARD");
  const std::vector<std::string> emulated = board_names(true);
  command
      .add_option("--emulated", arguments.emulated,
                  fmt::format("without hardware, which is the default: {} (default: the config's "
                              "first board)",
                              fmt::join(emulated, ", ")))
      ->check(one_of(emulated))
      ->expected(0, 1)
      ->excludes(board)
      ->type_name("[BOARD]");
  command
      .add_option("--port", arguments.port,
                  "the board's serial port, such as /dev/ttyACM0, where several are connected")
      ->type_name("PORT");
}

void add_bench(CLI::App& app, BenchArguments& arguments) {
  auto* bench = app.add_subcommand("bench", "make the speed tables on the spot");
  bench->require_subcommand(1);
  auto* kernels =
      bench->add_subcommand("kernels", "the kernels on the emulated board, beside the best peers");
  const auto add_cmsis_nn = [&arguments](CLI::App& command) {
    command
        .add_option("--cmsis-nn", arguments.cmsis_nn,
                    "a checkout of CMSIS-NN to build and measure too (default: recorded figures)")
        ->type_name("DIR");
  };
  add_cmsis_nn(*kernels);
  add_format(*kernels, arguments.format);
  kernels->callback([&] { print_kernel_bench(arguments); });
  auto* peers = bench->add_subcommand(
      "peers", "training and inference on this machine, beside PyTorch and ONNX Runtime");
  peers->add_option("--rounds", arguments.rounds, "how often each work is timed (default: 5)")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  peers
      ->add_option(
          "--onnxruntime", arguments.onnx_runtime,
          "where npm installed onnxruntime-node (default: build/peers); without it PyTorch "
          "alone")
      ->type_name("DIR");
  add_format(*peers, arguments.format);
  peers->callback([&] { print_peer_bench(arguments); });
  auto* timing = bench->add_subcommand(
      "timing", "the emulated board's cycle model, beside published measurements");
  add_cmsis_nn(*timing);
  add_format(*timing, arguments.format);
  timing->callback([&] { print_timing_bench(arguments); });
  auto* encodings = bench->add_subcommand(
      "encodings", "bytes and cycles of a layer in every encoding, against sparsity");
  add_format(*encodings, arguments.format);
  encodings->callback([&] { print_encoding_bench(arguments); });
  auto* costs = bench->add_subcommand(
      "costs", "measure anew what encodings are chosen by: rewrites mcu/encodings/costs.cpp");
  add_format(*costs, arguments.format);
  costs->callback([&] { measure_costs(arguments); });
  auto* cores = bench->add_subcommand(
      "cores", "dense int8 layers on every emulated board: cycles or instructions a weight");
  add_format(*cores, arguments.format);
  cores->callback([&] { print_core_bench(arguments); });
}

/// "there is no command 'x'; there are: a, b", with the likely one.
std::string unknown(const char* kind, const std::string& word,
                    const std::vector<std::string>& known) {
  return fmt::format("there is no {} '{}'; there are: {}{}", kind, word, fmt::join(known, ", "),
                     nn::did_you_mean(word, {known.begin(), known.end()}));
}

std::vector<std::string> activations() {
  std::vector<std::string> names;
  for (const auto function : nn::activation_functions()) {
    names.emplace_back(function().info.name);
  }
  return names;
}

/// What a model file leaves open.
void add_reading(CLI::App& command, nn::ReadOptions& read) {
  command
      .add_option("--output", read.output,
                  "of a file with several outputs, the one to take; the graph is cut to it")
      ->type_name("NAME");
  command
      .add_option("--layers", read.layers,
                  "of a file of bare tensors (a state_dict), its layers' names in order")
      ->delimiter(',')
      ->type_name("NAME,...");
  command
      .add_option_function<std::string>(
          "--activation",
          [&read](const std::string& word) {
            const auto found = nn::find_activation(word);
            if (!found) throw std::invalid_argument(unknown("activation", word, activations()));
            read.activation = *found;
          },
          "of bare tensors, what the hidden layers end in (default: relu)")
      ->type_name("NAME");
}

/// Commands about model files.
struct ModelArguments {
  FormatsArguments formats;
  InitArguments init;
  InspectArguments inspect;
  ConvertArguments convert;
  DiffArguments diff;
  PredictArguments predict;
};

void add_model_commands(CLI::App& app, ModelArguments& arguments, int& exit_code) {
  const auto add_file = [](CLI::App& command, const char* name, std::string& file) {
    command.add_option(name, file, "a model file: .tflite, .onnx or .safetensors")
        ->required()
        ->type_name("");
  };
  auto* init = app.add_subcommand(
      "init", "look at a model file, a table or a folder of recordings, and write a config");
  init->add_option("FILE", arguments.init.file,
                   "a model (.tflite, .onnx, .safetensors), a table (.csv, .tsv, .txt) or a folder")
      ->required()
      ->type_name("");
  init->add_option("--target", arguments.init.target,
                   "of a table, the column to predict (default: the one that looks like it)")
      ->type_name("COLUMN");
  init->add_option("--length", arguments.init.length,
                   "of recordings, the lines of each, where nothing separates them")
      ->type_name("LINES");
  add_reading(*init, arguments.init.read);
  init->add_option("--out", arguments.init.out, "the config (default: FILE's name, .toml)")
      ->type_name("CONFIG");
  init->add_flag("--force", arguments.init.force, "replace a config that is there");
  init->callback([&] { init_config(arguments.init); });
  auto* inspect =
      app.add_subcommand("inspect", "the layers of a model file, and what it takes on each board");
  add_file(*inspect, "FILE", arguments.inspect.file);
  add_reading(*inspect, arguments.inspect.read);
  add_format(*inspect, arguments.inspect.format);
  inspect->callback([&] { inspect_model(arguments.inspect); });
  auto* convert = app.add_subcommand("convert", "write a model file in another format");
  add_file(*convert, "IN", arguments.convert.from);
  add_file(*convert, "OUT", arguments.convert.to);
  add_reading(*convert, arguments.convert.read);
  convert->callback([&] { convert_model(arguments.convert); });
  auto* diff = app.add_subcommand("diff", "how two model files differ, layer by layer");
  add_file(*diff, "A", arguments.diff.first);
  add_file(*diff, "B", arguments.diff.second);
  diff->add_option("--data", arguments.diff.data,
                   "a CSV file of inputs for the outputs (default: random ones)")
      ->type_name("FILE");
  diff->add_option("--tolerance", arguments.diff.tolerance,
                   "relative differences up to it are none (default: 1e-5); else exit code 1")
      ->type_name("NUMBER");
  add_format(*diff, arguments.diff.format);
  diff->callback([&] { exit_code = diff_models(arguments.diff) ? 0 : 1; });
  auto* formats =
      app.add_subcommand("formats", "list the formats of model files, and what each can hold");
  add_format(*formats, arguments.formats.format);
  formats->callback([&] { print_formats(arguments.formats); });
  auto* predict_command =
      app.add_subcommand("predict", "what a model gives for the rows of a CSV file");
  predict_command
      ->add_option("MODEL", arguments.predict.what,
                   "a model file, or a results folder and a variant; then the CSV file")
      ->required()
      ->expected(2, 3)
      ->type_name("... DATA");
  predict_command
      ->add_option("--out", arguments.predict.out, "a CSV file (default: the standard output)")
      ->type_name("FILE");
  add_reading(*predict_command, arguments.predict.read);
  predict_command->callback([&] { predict(arguments.predict); });
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_lnames().empty()) names.push_back("--" + option->get_lnames().front());
  }
  return names;
}

/// What is wrong with the command line, and where its help is.
std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* command = &app;
  std::string typed = "./pare";
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    typed += " " + command->get_name();
  }
  const std::vector<std::string> rest = app.remaining(true);
  const std::vector<std::string> commands = command_names(*command);
  std::string what = error.what();
  if (!rest.empty() && rest.front().starts_with("-")) {
    what = unknown("option", rest.front(), option_names(*command));
  } else if (!rest.empty() && !commands.empty()) {
    what = unknown("command", rest.front(), commands);
  } else if (!commands.empty()) {
    what = fmt::format("a command is missing; there are: {}", fmt::join(commands, ", "));
  }
  return fmt::format("{}{} '{} --help' says more", what, what.ends_with('?') ? "" : ";", typed);
}

/// ./pare help COMMAND: what ./pare COMMAND --help prints.
void print_help(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* command = &app;
  std::string path = app.get_name();
  for (const std::string& word : words) {
    const std::vector<std::string> known = command_names(*command);
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      throw std::invalid_argument(known.empty()
                                      ? fmt::format("'{}' has no commands", command->get_name())
                                      : unknown("command", word, known));
    }
    path += " " + word;
    command = command->get_subcommand(word);
  }
  fmt::print("{}", command->get_formatter()->make_help(command, path, CLI::AppFormatMode::Normal));
}

/// What the script ./pare does before there is a program.
void add_script_command(CLI::App& app, const std::string& name, const std::string& help) {
  app.add_subcommand(name, help)->callback([name] {
    throw std::invalid_argument(
        fmt::format("{} is a command of the script: run './pare {}'", name, name));
  });
}

}  // namespace

int run_cli(int argc, char** argv) {
  CLI::App app(
      "pare shrinks multi-layer perceptrons until they fit a microcontroller, measures what each\n"
      "shrinking costs, and proves on the board that what runs there is what was measured.",
      "pare");
  app.require_subcommand(1);
  app.set_version_flag("--version", describe_version, "print the versions and the compiler");

  int exit_code = 0;
  RunArguments run;
  auto* run_command = app.add_subcommand("run", "train, compress, measure, print the table");
  add_config(*run_command, run);
  run_command
      ->add_option("--out", run.out,
                   "the results folder (default: results/<name>); results in it are replaced")
      ->type_name("DIR");
  add_optimize(*run_command, [&run](const std::string& word) {
    run.overrides.push_back(fmt::format("optimize=\"{}\"", word));
  });
  run_command->callback([&] { exit_code = run_experiment(run) ? 0 : 1; });

  auto* sensitivity_command =
      app.add_subcommand("sensitivity", "per layer: validation accuracy against sparsity and bits");
  add_config(*sensitivity_command, run);
  sensitivity_command->add_option("--out", run.out, "a CSV file to write the table to as well")
      ->type_name("FILE");
  sensitivity_command->callback([&] { print_sensitivity(run); });

  TableArguments table;
  auto* table_command = app.add_subcommand("table", "print the table of a results folder");
  table_command->add_option("RESULTS", table.results, "a folder that run wrote")
      ->required()
      ->type_name("");
  table_command->add_option("--sort", table.sort, "a column's title, such as \"flash b\"")
      ->type_name("COLUMN");
  add_format(*table_command, table.format);
  table_command->callback([&] { print_table(table); });

  VariantArguments chosen;
  auto* export_command = app.add_subcommand(
      "export", "write a variant as a sketch, a component for your program, or a model file");
  add_variant(*export_command, chosen);
  add_optimize(*export_command, chosen);
  export_command
      ->add_option("--to", chosen.to,
                   "the folder, which must not exist yet; or a model file: .tflite, .onnx or "
                   ".safetensors")
      ->required()
      ->type_name("PATH");
  std::vector<std::string> forms;
  for (const mcu::Form& form : mcu::forms()) forms.emplace_back(form.name);
  export_command
      ->add_option("--as", chosen.form,
                   fmt::format("the form of it: {} (default: sketch, which also measures and "
                               "validates itself; the others are for your program)",
                               fmt::join(forms, ", ")))
      ->check(one_of(forms))
      ->type_name("FORM");
  export_command
      ->add_option("--name", chosen.name,
                   "what its C functions begin with (default: the variant's name)")
      ->type_name("NAME");
  export_command
      ->add_option("--board", chosen.board,
                   fmt::format("the board that a sketch is for: {} (default: the config's first "
                               "board)",
                               fmt::join(board_names(false), ", ")))
      ->check(one_of(board_names(false)))
      ->type_name("BOARD");
  add_weights(*export_command, chosen);
  export_command->add_flag(
      "--force", chosen.force,
      "export a variant that is over its budget or the board's memory, and replace the folder "
      "if an export wrote it");
  export_command->callback([&] { export_variant(chosen); });

  auto* flash_command =
      app.add_subcommand("flash", "build a variant's sketch and start a board on it");
  add_variant(*flash_command, chosen);
  add_optimize(*flash_command, chosen);
  add_board(*flash_command, chosen);
  flash_command->add_flag("--force", chosen.force, "flash a variant that is over its budget");
  flash_command->callback([&] { exit_code = flash_variant(chosen) ? 0 : 1; });

  auto* validate_command = app.add_subcommand(
      "validate", "send the test set to a board and compare its outputs with the host's");
  add_variant(*validate_command, chosen);
  add_optimize(*validate_command, chosen);
  add_board(*validate_command, chosen);
  validate_command->callback([&] { exit_code = validate_variant(chosen) ? 0 : 1; });

  auto* profile_command =
      app.add_subcommand("profile", "per layer: what a variant costs on the emulated board");
  add_variant(*profile_command, chosen);
  add_optimize(*profile_command, chosen);
  add_format(*profile_command, chosen.format);
  profile_command->callback([&] { print_profile(chosen); });
  auto* classes_command =
      app.add_subcommand("classes", "per class: recall, precision, and what it is taken for");
  add_variant(*classes_command, chosen);
  add_format(*classes_command, chosen.format);
  classes_command->callback([&] { print_classes(chosen); });

  ModelArguments models;
  add_model_commands(app, models, exit_code);

  BoardsArguments boards;
  auto* boards_command =
      app.add_subcommand("boards", "list the boards, what is measured here, and what is connected");
  add_format(*boards_command, boards.format);
  boards_command->callback([&] { print_boards(boards); });

  ConfigArguments config;
  auto* config_command = app.add_subcommand(
      "config", "list every key of a config, with its default, range and meaning");
  add_format(*config_command, config.format);
  config_command->callback([&] { print_config(config); });
  PassesArguments passes;
  auto* passes_command = app.add_subcommand("passes", "list every pass, or one, with its options");
  passes_command->add_option("NAME", passes.name, "the pass to print (default: all)")
      ->type_name("");
  add_format(*passes_command, passes.format);
  passes_command->callback([&] { print_passes(passes); });

  BenchArguments bench;
  add_bench(app, bench);

  add_script_command(app, "doctor", "say what is installed and what is missing");
  add_script_command(app, "test", "run the whole test suite");
  std::vector<std::string> topic;
  auto* help_command = app.add_subcommand("help", "print what a command does and takes");
  help_command->add_option("COMMAND", topic, "such as run, or bench peers")->type_name("");
  help_command->callback([&] { print_help(app, topic); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // the help, or the versions
    throw std::invalid_argument(explain(app, error));
  }
  return exit_code;
}

}  // namespace pare::experiments
