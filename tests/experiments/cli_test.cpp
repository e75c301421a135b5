#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "compress/pass.h"
#include "mcu/kernel/kernel_version.h"
#include "tests/experiments/program.h"
#include "tests/experiments/sample_results.h"

using namespace pare;
namespace fs = std::filesystem;
using tests::Folder;
using tests::read_file;
using tests::refusal;
using tests::ResultsFolder;
using tests::run_pare;

TEST_CASE("run refuses a bad config in one line that names the place") {
  const std::string variant = "[[variants]]\nname = \"a\"\n";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"seed = \n" + variant,
       ":1:8: Error while parsing key-value pair: expected value, saw '\\n'"},
      {"sed = 3\n" + variant,
       ":1:1: unknown key 'sed' of the config; known: name, seed, seeds, optimize, boards, data, "
       "model, "
       "train, retrain, budget, variants; did you mean 'seed'?"},
      {variant + "passes = [\"quantise_int8\"]\n",
       fmt::format(":3:11: unknown pass 'quantise_int8'; known: {}; did you mean 'quantize_int8'?",
                   fmt::join(compress::pass_names(), ", "))},
      {variant + "passes = [{ pass = \"magnitude_prune\", sparsty = 0.5 }]\n",
       ":3:39: unknown option 'sparsty' of magnitude_prune; known: sparsity, scope, schedule, "
       "steps, rewind, epochs, learning_rate, dropout, flip, scale_inputs, teacher, temperature; "
       "did you mean 'sparsity'?"},
      {variant + "passes = [{ pass = \"magnitude_prune\", scope = \"layers\" }]\n",
       ":3:39: scope = \"layers\" is none of: layer, global; did you mean 'layer'?"},
      {variant + "passes = [{ pass = \"magnitude_prune\", sparsity = 80 }]\n",
       ":3:39: sparsity = 80 is outside [0, 1]"},
      {"[train]\nepochs = \"many\"\n" + variant, ":2:1: epochs = \"many\" is not an integer"},
      {variant + "passes = [\"quantize_int8\", \"magnitude_prune\"]\n",
       ":3:28: magnitude_prune cannot follow quantize_int8: it needs a float32 model, and "
       "quantize_int8 leaves int8; put quantize_int8 last"},
      {variant + variant, ":4:8: a variant named 'a' is there already; give it another name"},
  };
  const Folder folder;
  for (const auto& [text, message] : cases) {
    const std::string path = folder.write("c.toml", text);
    CHECK(refusal({"run", path}) == fmt::format("pare: {}{}\n", path, message));
  }
}

TEST_CASE("run refuses a config that is not there, and an override that is none") {
  const Folder folder;
  const std::string none = (folder.path() / "none.toml").string();
  CHECK(refusal({"run", none}) ==
        "pare: " + none + ": there is no such config file; experiments/configs has some\n");
  const std::string path = folder.write("c.toml", tests::kSampleConfig);
  CHECK(refusal({"run", path, "--set", "train.epochs"}) ==
        "pare: --set train.epochs: expected key=value, such as train.epochs=10\n");
  CHECK(refusal({"run", path, "--set", "seed=3", "--set", "train.epochs=-1"}) ==
        "pare: --set train.epochs=-1: epochs = -1 is outside [0, 1000000]\n");
}

TEST_CASE("run refuses to put results where something else is") {
  const Folder folder;
  const std::string path = folder.write("c.toml", tests::kSampleConfig);
  CHECK(refusal({"run", path, "--out", folder.path().string()}) ==
        "pare: " + folder.path().string() +
            " holds something that is not results; name another folder with --out\n");
  CHECK(refusal({"run", path, "--out", path + "/results"}) ==
        "pare: " + path + "/results cannot be made: " + path +
            " is not a folder that you can write to; name another folder with --out\n");
}

TEST_CASE("run says that the cross compiler or QEMU is missing before it trains") {
  const Folder folder;
  const std::string path = folder.write("c.toml", tests::kSampleConfig);
  const std::vector<std::string> forever{
      "run", path, "--set", "train.epochs=1000000", "--out", (folder.path() / "out").string()};
  const fs::path bin = folder.path() / "bin";
  fs::create_directory(bin);
  CHECK(refusal(forever, bin.string()) ==
        "pare: arm-none-eabi-g++ was not found in PATH; install the Debian package "
        "gcc-arm-none-eabi, or run './pare doctor'\n");
  fs::create_symlink("/bin/true", bin / "arm-none-eabi-g++");
  CHECK(refusal(forever, bin.string()) ==
        "pare: qemu-system-arm was not found in PATH; install the Debian package qemu-system-arm, "
        "or run './pare doctor'\n");
  CHECK_FALSE(fs::exists(folder.path() / "out"));
}

TEST_CASE("every command that reads results refuses what is none") {
  const Folder folder;
  const std::string path = folder.path().string();
  const std::string message =
      "pare: " + path +
      " is not a results folder: it has no results.json; './pare run CONFIG' writes one\n";
  CHECK(refusal({"table", path}) == message);
  CHECK(refusal({"export", path, "int8", "--to", path + "/sketch"}) == message);
  CHECK(refusal({"flash", path, "int8", "--board", "emulated"}) == message);
  CHECK(refusal({"validate", path, "int8", "--board", "emulated"}) == message);
}

TEST_CASE("every command that takes a variant refuses an unknown one") {
  const ResultsFolder results;
  const std::string message = "pare: " + results.path() +
                              " has no variant 'int4'; it has: float, int8; did you mean 'int8'?\n";
  CHECK(refusal({"export", results.path(), "int4", "--to", results.beside("s")}) == message);
  CHECK(refusal({"flash", results.path(), "int4", "--board", "emulated"}) == message);
  CHECK(refusal({"validate", results.path(), "int4", "--board", "emulated"}) == message);
}

TEST_CASE("every command that takes a variant refuses a seed that the results do not have") {
  const ResultsFolder results(tests::sample_results_of_two_seeds());
  const std::string message = "pare: " + results.path() + " has no seed 4; it has: 3, 5\n";
  const auto refused = [&](std::vector<std::string> command, const std::string& seed) {
    command.insert(command.end(), {"--seed", seed});
    return refusal(command);
  };
  const std::vector<std::string> export_command{"export", results.path(), "int8", "--to",
                                                results.beside("s")};
  CHECK(refused(export_command, "4") == message);
  CHECK(refused({"flash", results.path(), "int8", "--board", "emulated"}, "4") == message);
  CHECK(refused({"validate", results.path(), "int8", "--board", "emulated"}, "4") == message);
  for (const char* seed : {"-1", "x", "1.5", "", "10000000000000000"}) {
    CHECK(
        refused(export_command, seed) ==
        fmt::format("pare: --seed: '{}' is no seed: a whole number from 0; './pare export --help' "
                    "says more\n",
                    seed));
  }
  const ResultsFolder one_seed;
  CHECK(refused({"export", one_seed.path(), "int8", "--to", one_seed.beside("s")}, "4") ==
        "pare: " + one_seed.path() + " has no seed 4; it has: 3\n");
}

TEST_CASE("export writes the model of the first seed, or of the one that is named") {
  const ResultsFolder results(tests::sample_results_of_two_seeds());
  const auto exported = [&](const std::string& name, const std::vector<std::string>& seed) {
    std::vector<std::string> command{"export", results.path(), "float", "--to",
                                     results.beside(name)};
    command.insert(command.end(), seed.begin(), seed.end());
    CHECK(run_pare(command).exit_code == 0);
    return read_file(results.beside(name) + "/model.h");
  };
  const std::string first = exported("a", {});
  CHECK(first.size() > 100);
  CHECK(exported("b", {"--seed", "3"}) == first);
  CHECK(exported("c", {"--seed", "5"}) != first);
}

TEST_CASE("export refuses a truncated and a corrupted model") {
  const ResultsFolder results;
  const std::string path = results.model("int8");
  const std::string whole = read_file(path);
  const std::vector<std::string> command{"export", results.path(), "int8", "--to",
                                         results.beside("sketch")};

  fs::resize_file(path, 5);
  CHECK(refusal(command) ==
        "pare: " + path +
            " is not a whole model file: it is shorter than the 8 bytes of its header's length\n");
  std::ofstream(path, std::ios::binary) << whole.substr(0, whole.size() - 3);
  CHECK(refusal(command) == "pare: " + path +
                                " is not a whole model file: its checksum is wrong; the file is "
                                "corrupted\n");
  std::string damaged = whole;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  std::ofstream(path, std::ios::binary) << damaged;
  CHECK(refusal(command) ==
        "pare: " + path +
            " is not a whole model file: its checksum is wrong; the file is corrupted\n");
  CHECK_FALSE(fs::exists(results.beside("sketch")));
}

TEST_CASE("export refuses a folder that exists, and a name that the Arduino IDE does not take") {
  const ResultsFolder results;
  CHECK(refusal({"export", results.path(), "int8", "--to", results.path()}) ==
        "pare: " + results.path() +
            " exists already; name a folder that does not, or replace it with --force\n");
  CHECK(refusal({"export", results.path(), "int8", "--to", results.beside("my sketch")}) ==
        "pare: 'my sketch' is no name for a sketch folder: the Arduino IDE takes up to 63 letters, "
        "digits, '_', '-' and '.', the first a letter, a digit or '_'\n");
}

TEST_CASE("export and flash refuse a variant over its budget, with its figures") {
  experiments::Results over = tests::sample_results();
  over.rows[1][0].boards["nano33ble"].excess = "flash 980 > 900";
  const ResultsFolder results(over);
  const std::string message =
      "pare: int8 is over its budget: flash 980 > 900; --force takes it all the same\n";
  CHECK(refusal({"export", results.path(), "int8", "--to", results.beside("sketch")}) == message);
  CHECK(refusal({"flash", results.path(), "int8", "--board", "emulated"}) == message);
  CHECK(refusal({"flash", results.path(), "int8", "--board", "nano33ble"}) == message);
  CHECK_FALSE(fs::exists(results.beside("sketch")));
  CHECK(run_pare({"export", results.path(), "int8", "--to", results.beside("sketch"), "--force"})
            .exit_code == 0);
  CHECK(fs::exists(results.beside("sketch/sketch.ino")));
}

TEST_CASE(
    "export says what the sketch takes, and with --force replaces a sketch but nothing else") {
  const ResultsFolder results;
  const std::string folder = results.beside("hello");
  const std::vector<std::string> command{"export", results.path(), "int8", "--to", folder};
  const tests::ProgramResult first = run_pare(command);
  CHECK(first.out.starts_with("int8: "));
  CHECK(first.out.find(" bytes of static RAM, sketch included but not the Arduino core, and ") !=
        std::string::npos);
  const std::string written = read_file(folder + "/model.h");
  std::ofstream(folder + "/model.h") << "mine";
  CHECK(refusal(command) == "pare: " + folder +
                                " exists already; name a folder that does not, or replace it with "
                                "--force\n");
  CHECK(read_file(folder + "/model.h") == "mine");
  std::vector<std::string> forced = command;
  forced.emplace_back("--force");
  CHECK(run_pare(forced).exit_code == 0);
  CHECK(read_file(folder + "/model.h") == written);
  CHECK(refusal({"export", results.path(), "int8", "--to", results.path(), "--force"}) ==
        "pare: " + results.path() +
            " exists and is no export: --force does not replace it; name another folder\n");
  CHECK(fs::exists(results.path() + "/results.json"));
  std::size_t beside = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(results.beside("."))) ++beside;
  CHECK(beside == 2);
}

TEST_CASE("export writes a sketch folder, also when its name ends in a slash") {
  const ResultsFolder results;
  CHECK(run_pare({"export", results.path(), "int8", "--to", results.beside("hello/")}).exit_code ==
        0);
  CHECK(fs::exists(results.beside("hello/hello.ino")));
  CHECK(fs::exists(results.beside("hello/model.h")));
}

TEST_CASE("export keeps the weights in flash, or copies them to RAM if told to") {
  const ResultsFolder results;
  const auto model_h = [&](const std::string& folder, const std::vector<std::string>& more) {
    std::vector<std::string> command{"export", results.path(), "int8", "--to",
                                     results.beside(folder)};
    command.insert(command.end(), more.begin(), more.end());
    CHECK(run_pare(command).exit_code == 0);
    return tests::read_file(results.beside(folder) + "/model.h");
  };
  const std::string in_flash = "static const Parameters kParameters = {";
  CHECK(model_h("flash", {}).find(in_flash) != std::string::npos);
  const std::string ram = model_h("ram", {"--weights", "ram"});
  CHECK(ram.find(in_flash) == std::string::npos);
  CHECK(ram.find("section(\".data.parameters\")") != std::string::npos);
  CHECK(refusal({"export", results.path(), "int8", "--to", results.beside("x"), "--weights",
                 "eeprom"}) ==
        "pare: --weights: 'eeprom' is none of: flash, ram; './pare export --help' says more\n");
}

TEST_CASE("bench says which tables there are") {
  const std::string known = "there are: kernels, peers, timing, encodings, costs, cores";
  CHECK(refusal({"bench"}) ==
        "pare: a command is missing; " + known + "; './pare bench --help' says more\n");
  CHECK(refusal({"bench", "kernel"}) ==
        "pare: there is no command 'kernel'; " + known +
            "; did you mean 'kernels'? './pare bench --help' says more\n");
  CHECK(run_pare({"bench", "--help"}).out.find("kernels") != std::string::npos);
}

TEST_CASE("a wrong command line is refused with what there is instead") {
  CHECK(refusal({}).starts_with("pare: a command is missing; there are: run, "));
  const std::string unknown = refusal({"train"});
  CHECK(unknown.starts_with("pare: there is no command 'train'; there are: run, "));
  CHECK(unknown.ends_with("; './pare --help' says more\n"));
  CHECK(refusal({"run"}) == "pare: CONFIG is required; './pare run --help' says more\n");
  CHECK(refusal({"export", "a", "b"}) ==
        "pare: --to is required; './pare export --help' says more\n");
  CHECK(
      refusal({"passes", "--foo"}) ==
      "pare: there is no option '--foo'; there are: --help, --format; './pare passes --help' says "
      "more\n");
  CHECK(refusal({"bench", "peers", "--round", "3"}) ==
        "pare: there is no option '--round'; there are: --help, --rounds, --onnxruntime, --format; "
        "did you mean "
        "'--rounds'? './pare bench peers --help' says more\n");
  CHECK(refusal({"--verison"}) ==
        "pare: there is no option '--verison'; there are: --help, --version; did you mean "
        "'--version'? './pare --help' says more\n");
  CHECK(refusal({"tabel", "a"}).find("; did you mean 'table'? './pare --help' says more\n") !=
        std::string::npos);
  CHECK(refusal({"table"}) == "pare: RESULTS is required; './pare table --help' says more\n");
  CHECK(refusal({"table", "a", "b"}) ==
        "pare: The following argument was not expected: b; './pare table --help' says more\n");
  CHECK(refusal({"passes", "--format", "yaml"}) ==
        "pare: --format: 'yaml' is none of: text, md, csv, json; './pare passes --help' says "
        "more\n");
  CHECK(refusal({"passes", "--format", "jsno"}) ==
        "pare: --format: 'jsno' is none of: text, md, csv, json; did you mean 'json'? './pare "
        "passes --help' says more\n");
  CHECK(refusal({"validate", "a", "b", "--board", "uno"})
            .starts_with("pare: --board: 'uno' is none of: "));
}

TEST_CASE("table refuses to sort by a column that there is not") {
  const ResultsFolder results;
  std::string known = "variant";
  for (const bench::Column& column : bench::columns({&mcu::boards().front(), 1})) {
    if (!column.header.empty()) known += ", " + column.header;
  }
  CHECK(refusal({"table", results.path(), "--sort", "size"}) ==
        "pare: no column is called 'size'; there are: " + known + "\n");
  CHECK(refusal({"table", results.path(), "--sort", "flash"}) ==
        "pare: no column is called 'flash'; there are: " + known + "; did you mean 'flash B'?\n");
}

TEST_CASE("help goes to stdout and succeeds") {
  const tests::ProgramResult result = run_pare({"run", "--help"});
  CHECK(result.exit_code == 0);
  CHECK(result.err.empty());
  CHECK(result.out.find("--set KEY=VALUE") != std::string::npos);
}

TEST_CASE("help prints what --help prints, of the program and of every command") {
  const auto same = [](std::vector<std::string> topic) {
    std::vector<std::string> command = topic;
    command.emplace_back("--help");
    topic.insert(topic.begin(), "help");
    const tests::ProgramResult result = run_pare(topic);
    CHECK(result.exit_code == 0);
    CHECK(result.err.empty());
    CHECK(result.out == run_pare(command).out);
    return result.out;
  };
  CHECK(same({}).find("sensitivity") != std::string::npos);
  CHECK(same({"run"}).find("--set KEY=VALUE") != std::string::npos);
  CHECK(same({"bench", "peers"}).find("--rounds N") != std::string::npos);
  CHECK(refusal({"help", "rum"}).find("; did you mean 'run'?\n") != std::string::npos);
  CHECK(refusal({"help", "run", "config"}) == "pare: 'run' has no commands\n");
}

TEST_CASE("doctor and test are listed, and left to the script") {
  const std::string help = run_pare({"help"}).out;
  for (const std::string command : {"doctor", "test"}) {
    CHECK(help.find("\n  " + command + " ") != std::string::npos);
    CHECK(refusal({command}) ==
          "pare: " + command + " is a command of the script: run './pare " + command + "'\n");
  }
}

TEST_CASE("--version says which program, commit, kernels and compiler these are") {
  const tests::ProgramResult result = run_pare({"--version"});
  CHECK(result.exit_code == 0);
  CHECK(result.err.empty());
  CHECK(result.out.starts_with("pare " PARE_VERSION "\ncommit "));
  CHECK(result.out.find(fmt::format("\nkernels {}\n", kKernelVersion)) != std::string::npos);
  CHECK(result.out.find(__VERSION__) != std::string::npos);
  CHECK(result.out.ends_with(", " PARE_FLAGS "\n"));
}
