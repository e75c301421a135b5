// What the built program does when other programs, folders and streams fail it.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "bench/row.h"
#include "build_paths.h"
#include "tests/experiments/program.h"
#include "tests/experiments/sample_results.h"

using namespace pare;
namespace fs = std::filesystem;
using tests::Folder;
using tests::ProgramResult;
using tests::read_file;
using tests::ResultsFolder;
using tests::run_pare;

namespace {

/// A PATH on which scripts stand in for programs.
class StandIns {
 public:
  void add(const std::string& name, const std::string& script) {
    const std::string file = folder_.write(name, "#!/bin/sh\n" + script + "\n");
    fs::permissions(file, fs::perms::owner_all);
  }
  std::string path() const { return folder_.path().string() + ":" + std::getenv("PATH"); }

 private:
  Folder folder_;
};

std::string real(const char* program) { return mcu::find_program(program).value().string(); }

/// A folder with a config, in which runs go on from each other.
class Runs {
 public:
  explicit Runs(const std::string& config = tests::kSampleConfig)
      : config_(folder_.write("sample.toml", config)) {}

  ProgramResult run(const std::string& path = {}, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> command{"run", config_};
    command.insert(command.end(), more.begin(), more.end());
    return run_pare(command, path, folder_.path().string());
  }

  const Folder& folder() const { return folder_; }
  std::string results() const { return (folder_.path() / "results/sample").string(); }
  bench::BoardRow nano(std::size_t variant) const { return row(variant).boards.at("nano33ble"); }
  bench::Row row(std::size_t variant) const {
    return experiments::read_rows(results()).variants.at(variant).at(0);
  }
  bool has_model(const std::string& variant) const {
    return fs::exists(results() + "/models/" + variant + ".safetensors");
  }

 private:
  Folder folder_;
  std::string config_;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The exit code of the program with its stdout redirected as a shell says, and its stderr.
mcu::ProcessResult redirected(const std::vector<std::string>& arguments, const std::string& where) {
  std::vector<std::string> command{real("sh"), "-c", "exec \"$0\" \"$@\" " + where, PARE_PROGRAM};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return mcu::run_process(command);
}

constexpr const char* kLost =
    "pare: what was to be printed is not whole: stdout cannot be written; is the disk full, or its "
    "reader gone?\n";

}  // namespace

TEST_CASE("what cannot be printed is an error, whichever command prints it") {
  const ResultsFolder results;
  const std::vector<std::vector<std::string>> commands{
      {"--help"},
      {"run", "--help"},
      {"table", results.path()},
      {"table", results.path(), "--format", "json"},
      {"passes"},
      {"passes", "--format", "md"},
      {"boards"},
      {"export", results.path(), "int8", "--to", results.beside("sketch")}};
  for (const std::vector<std::string>& command : commands) {
    CAPTURE(command.front());
    for (const char* where : {">/dev/full", ">&-"}) {
      CAPTURE(where);
      fs::remove_all(results.beside("sketch"));
      const mcu::ProcessResult result = redirected(command, where);
      CHECK(result.exit_code == 1);
      CHECK(result.output == kLost);
    }
    fs::remove_all(results.beside("sketch"));
    CHECK(redirected(command, ">/dev/null").exit_code == 0);
  }
}

TEST_CASE("no file takes the place of a closed stream") {
  const ResultsFolder results;
  const std::string before = read_file(results.path() + "/results.json");
  CHECK(redirected({"table", results.path()}, "<&- >&- 2>&-").exit_code == 1);
  CHECK(redirected({"table", results.path()}, "2>&-").exit_code == 0);
  CHECK(read_file(results.path() + "/results.json") == before);
}

TEST_CASE("without a folder for temporary files the program says what to set") {
  const ResultsFolder results;
  for (const std::string folder : {"/no/such/folder", "/proc"}) {
    CAPTURE(folder);
    const mcu::ProcessResult result =
        mcu::run_process({real("env"), "TMPDIR=" + folder, PARE_PROGRAM, "export", results.path(),
                          "int8", "--to", results.beside("sketch")});
    CHECK(result.exit_code == 1);
    CHECK(result.output.starts_with("pare: the folder for temporary files " + folder +
                                    " cannot be used: "));
    CHECK(result.output.ends_with("; set TMPDIR to a folder that you can write to\n"));
  }
}

TEST_CASE("data that is too wide for a board is refused before anything is trained") {
  std::string table;
  for (int row = 0; row < 4; ++row) {
    for (int i = 0; i < 65537; ++i) table += fmt::format("{},", (i + row) % 3);
    table += "1\n";
  }
  const Folder folder;
  const std::string csv = folder.write("wide.csv", table);
  const Runs runs(
      fmt::format("name = \"sample\"\n[data]\nsource = \"csv\"\ntrain = \"{}\"\n"
                  "test = \"{}\"\ntask = \"regression\"\nvalidation_samples = 1\n"
                  "[[variants]]\nname = \"a\"\n",
                  csv, csv));
  const ProgramResult result = runs.run();
  CHECK(result.exit_code == 1);
  CHECK(result.out == "");
  CHECK(
      result.err.ends_with("pare: the data has 65537 features, and a layer on the board at most "
                           "65535; leave some out\n"));
  CHECK_FALSE(fs::exists(runs.folder().path() / "results"));
}

TEST_SUITE("slow") {
  TEST_CASE("a variant whose board fails loses nothing else, and a second run goes on from there") {
    const Runs runs;
    StandIns failing;
    failing.add("qemu-system-arm",
                "case \"$*\" in */3-1/*) echo nonsense >&2; exit 1;; esac\nexec " +
                    real("qemu-system-arm") + " \"$@\"");
    const ProgramResult first = runs.run(failing.path());
    CHECK(first.exit_code == 1);
    CHECK(has(first.out, "float"));
    CHECK(runs.nano(0).max_difference.has_value());
    CHECK(runs.row(0).note == "");
    CHECK(runs.row(0).host_ns_median > 1);
    const bench::Row int8 = runs.row(1);
    CHECK(int8.score("mse").has_value());
    CHECK(int8.host_ns_median > 1);
    CHECK_FALSE(runs.nano(1).instructions.has_value());
    CHECK_FALSE(runs.nano(1).bit_exact.has_value());
    CHECK(has(int8.note, "does not start on the emulated Nano 33 BLE"));
    CHECK(has(int8.note, "nonsense"));
    CHECK(has(first.err, "\npare: int8: " + int8.note));
    CHECK(
        first.err.ends_with("pare: not every variant is whole; the same command tries again, and "
                            "keeps what is done\n"));
    CHECK(runs.has_model("float"));
    CHECK(runs.has_model("int8"));
    const ProgramResult table = run_pare({"table", runs.results()});
    CHECK(table.exit_code == 0);
    CHECK(table.err == "pare: int8: " + int8.note + "\n");

    const std::string model = read_file(runs.results() + "/models/int8.safetensors");
    const ProgramResult second = runs.run();
    CHECK(second.exit_code == 0);
    CHECK(has(second.err, "pare: float: "));
    CHECK(second.err.find("from an earlier run") == second.err.rfind("from an earlier run"));
    CHECK(runs.nano(1).bit_exact == 20);
    CHECK(read_file(runs.results() + "/models/int8.safetensors") == model);

    const ProgramResult third = runs.run();
    CHECK(third.exit_code == 0);
    CHECK(has(third.err, "bit-exact, from an earlier run\n"));
    CHECK_FALSE(has(runs.run({}, {"--fresh"}).err, "from an earlier run"));
  }

  TEST_CASE("a pass that fails loses its variant and those that follow from it, and no others") {
    const Runs runs(
        std::string(tests::kSampleConfig) +
        "[[variants]]\nname = \"lost\"\npasses = [{ pass = \"finetune\", epochs = 9 }]\n"
        "[[variants]]\nname = \"lost-int8\"\npasses = [{ pass = \"finetune\", epochs = 9 "
        "}, \"quantize_int8\"]\n[retrain]\noptimizer = \"sgd\"\nlearning_rate = 100\n");
    const ProgramResult result = runs.run();
    CHECK(result.exit_code == 1);
    const std::string why = "/sample.toml:24:20: finetune: training diverged: ";
    for (const std::size_t variant : {0U, 1U}) {
      CHECK(runs.row(variant).note == "");
      CHECK(runs.nano(variant).instructions.has_value());
    }
    for (const std::size_t variant : {2U, 3U}) {
      CHECK(has(runs.row(variant).note, why));
      CHECK_FALSE(runs.row(variant).score("mse").has_value());
      CHECK(has(result.err, "pare: " + runs.row(variant).name + ": " + runs.row(variant).note));
    }
    CHECK(runs.has_model("int8"));
    CHECK_FALSE(runs.has_model("lost"));
    CHECK(has(tests::refusal({"export", runs.results(), "lost", "--to", "sketch"}),
              "pare: lost was not measured: " + runs.row(2).note));
  }

  TEST_CASE("a compiler that hangs, lies or talks nonsense is named, and every model is kept") {
    const std::vector<std::pair<std::string, std::string>> compilers{
        {"sleep 1000",
         " did not end within 2 s and was stopped; if it only needs longer, set "
         "PARE_TOOL_SECONDS to more seconds"},
        {"exit 0", " says that all is well, but has written nothing of "},
        {"exit 7", " ended with exit code 7"},
        {"head -c 100 /dev/urandom | od; echo \"region \\`FLASH' overflowed by "
         "99999999999999999999999 bytes\"; exit 1",
         "99999999999999999999999 bytes"},
        {"while [ $1 != -o ]; do shift; done; echo nonsense > $2",
         "model.elf ends too early: not a linked 32-bit ARM or RISC-V program"}};
    for (const auto& [script, words] : compilers) {
      CAPTURE(script);
      const Runs runs;
      StandIns stand_ins;
      stand_ins.add("arm-none-eabi-g++", script);
      ::setenv("PARE_TOOL_SECONDS", "2", 1);
      const ProgramResult result = runs.run(stand_ins.path());
      ::unsetenv("PARE_TOOL_SECONDS");
      CHECK(result.exit_code == 1);
      for (const std::size_t variant : {0U, 1U}) {
        CHECK(has(runs.row(variant).note, words));
        CHECK(runs.row(variant).score("mse").has_value());
        CHECK_FALSE(runs.nano(variant).flash_bytes.has_value());
      }
      CHECK(runs.has_model("float"));
      CHECK(runs.has_model("int8"));
    }
  }
}
