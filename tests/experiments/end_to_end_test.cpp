// The built program from a config to the emulated board.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "bench/row.h"
#include "mcu/emulator/image.h"
#include "nn/safetensors.h"
#include "tests/experiments/program.h"
#include "tests/experiments/sample_results.h"

using namespace pare;
namespace fs = std::filesystem;
using tests::Folder;
using tests::ProgramResult;
using tests::read_file;
using tests::refusal;
using tests::run_pare;

namespace {

/// What `pare run` made of kSampleConfig, once for all tests that only read it.
class SampleRun {
 public:
  SampleRun()
      : result_(run_pare({"run", folder_.write("sample.toml", tests::kSampleConfig), "--out",
                          results(), "--format", "md"})) {}

  std::string results() const { return (folder_.path() / "results/sample").string(); }
  std::string beside(const std::string& name) const { return (folder_.path() / name).string(); }
  const ProgramResult& result() const { return result_; }

  /// The rows "float" and "int8".
  std::vector<bench::Row> rows() const {
    std::vector<bench::Row> rows;
    for (const bench::SeedRows& variant : experiments::read_rows(results()).variants) {
      rows.push_back(variant.at(0));
    }
    return rows;
  }

 private:
  Folder folder_;
  ProgramResult result_;
};

const SampleRun& sample_run() {
  static const SampleRun kRun;
  return kRun;
}

/// The models' bytes, one after the other, that `pare run` gives with `overrides`.
std::string trained_bytes(const std::vector<std::string>& overrides) {
  const Folder folder;
  const std::string out = (folder.path() / "out").string();
  std::vector<std::string> command{"run", folder.write("sample.toml", tests::kSampleConfig),
                                   "--out", out};
  command.insert(command.end(), overrides.begin(), overrides.end());
  CHECK(run_pare(command).exit_code == 0);
  return read_file(out + "/models/float.safetensors") + read_file(out + "/models/int8.safetensors");
}

}  // namespace

TEST_SUITE("slow") {
  TEST_CASE("run writes the whole results folder and prints its table, and nothing else") {
    const SampleRun& run = sample_run();
    CHECK(run.result().exit_code == 0);
    CHECK(run.result().err == "");
    for (const char* name : {"config.toml", "environment.json", "results.json", "table.md",
                             "table.csv", "models/float.safetensors", "models/int8.safetensors"}) {
      CAPTURE(name);
      CHECK(fs::exists(fs::path(run.results()) / name));
    }
    const std::string table = read_file(run.results() + "/table.md");
    CHECK(table.starts_with("| variant |"));
    CHECK(run.result().out.starts_with("| layer |"));
    CHECK(run.result().out.ends_with("\n\n" + table));
    CHECK(run_pare({"table", run.results(), "--format", "md"}).out == table);
    CHECK(run_pare({"table", run.results(), "--format", "csv"}).out ==
          read_file(run.results() + "/table.csv"));
  }

  TEST_CASE("run measures every number of a variant, but those of another task or board") {
    for (const bench::Row& row : sample_run().rows()) {
      CAPTURE(row.name);
      for (const bench::Column& column : bench::columns()) {
        const std::string_view pointer = column.pointer;
        CAPTURE(pointer);
        CHECK((row.*column.value).has_value() ==
              (pointer != "/accuracy/top1" && !pointer.starts_with("/boards/")));
      }
      CHECK(row.parameters == 13);
      CHECK(row.macs == 8);
      CHECK(row.flash_bytes > row.weights_bytes);
      CHECK(row.instructions > 50);
      CHECK(row.cycles_estimate >= row.instructions);
      CHECK(row.host_ns_median > 1);
      CHECK(row.board == "emulated");
      CHECK(row.vectors == 20);
    }
    CHECK(sample_run().rows().at(1).bit_exact == 20);
    CHECK(sample_run().rows().at(1).max_difference == 0);
    CHECK(sample_run().rows().at(0).max_difference < 1e-5);
  }

  TEST_CASE(
      "profile prints its layers in every format, and what results.json has in the last row") {
    const auto profile = [](const std::string& format) {
      const ProgramResult result =
          run_pare({"profile", sample_run().results(), "int8", "--format", format});
      CHECK(result.exit_code == 0);
      CHECK(result.err == "");
      return result.out;
    };
    const auto instructions = static_cast<long>(sample_run().rows().at(1).instructions.value());
    const std::string csv = profile("csv");
    CHECK(csv.starts_with("layer,encoding,inputs,outputs,MACs,bytes,M4 instr,"));
    CHECK(csv.find(fmt::format("\nall,,,,8,{},{},", sample_run().rows().at(1).weights_bytes.value(),
                               instructions)) != std::string::npos);
    const auto json = nlohmann::json::parse(profile("json"));
    REQUIRE(json.is_array());
    REQUIRE(json.size() == 4);
    CHECK(json[3].at("M4 instr") == instructions);
    for (const char* format : {"text", "md"}) {
      CAPTURE(format);
      const std::string text = profile(format);
      CHECK(text.find(" int8 ") != std::string::npos);
      CHECK(text.find("bytes of flash") != std::string::npos);
    }
    CHECK(refusal({"profile", sample_run().results(), "int9"})
              .ends_with("has no variant 'int9'; it has: float, int8\n"));
  }

  TEST_CASE("passes of a run train as [retrain] says, and the base model does not") {
    const std::string config =
        std::string(tests::kSampleConfig) +
        "[[variants]]\nname = \"tuned\"\npasses = [{ pass = \"finetune\", epochs = 2 }]\n";
    const auto models = [&](const std::vector<std::string>& overrides) {
      const Folder folder;
      const std::string out = (folder.path() / "out").string();
      std::vector<std::string> command{"run", folder.write("s.toml", config), "--out", out};
      command.insert(command.end(), overrides.begin(), overrides.end());
      CHECK(run_pare(command).exit_code == 0);
      return std::pair(read_file(out + "/models/float.safetensors"),
                       read_file(out + "/models/tuned.safetensors"));
    };
    const auto plain = models({});
    const auto other = models({"--set", "retrain.learning_rate=0.0001"});
    CHECK(other.first == plain.first);
    CHECK(other.second != plain.second);
    const auto train = models({"--set", "train.learning_rate=0.0001"});
    CHECK(train.first != plain.first);
  }

  TEST_CASE("run records the machine and its tools") {
    const auto environment =
        nlohmann::json::parse(read_file(sample_run().results() + "/environment.json"));
    CHECK(environment.at("cores").get<int>() > 0);
    CHECK(environment.at("flags").is_string());
    REQUIRE(environment.at("cross_compiler").is_string());
    CHECK(environment.at("cross_compiler").get<std::string>().starts_with("arm-none-eabi-g++"));
    REQUIRE(environment.at("emulator").is_string());
    CHECK(environment.at("emulator").get<std::string>().starts_with("QEMU emulator version"));
    CHECK(nlohmann::json::parse(read_file(sample_run().results() + "/results.json"))
              .at("environment") == environment);
  }

  TEST_CASE("the exported sketch compiles for the Nano without a warning") {
    for (const char* variant : {"float", "int8"}) {
      CAPTURE(variant);
      const std::string folder = sample_run().beside(fmt::format("sketch_{}", variant));
      REQUIRE(run_pare({"export", sample_run().results(), variant, "--to", folder}).exit_code == 0);
      std::vector<std::string> command{
          mcu::require_program("arm-none-eabi-g++", "gcc-arm-none-eabi").string()};
      const std::vector<std::string>& flags = mcu::sketch_flags();
      command.insert(command.end(), flags.begin(), flags.end());
      command.insert(command.end(),
                     {"-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I",
                      fmt::format("{}/mcu/emulator/board", PARE_SOURCE_DIR), "-include",
                      "Arduino.h", "-x", "c++", fmt::format("{}/sketch_{}.ino", folder, variant)});
      const mcu::ProcessResult compiled = mcu::run_process(command);
      CHECK(compiled.output == "");
      CHECK(compiled.exit_code == 0);
    }
  }

  TEST_CASE("a variant over the budget is marked in the table and in results.json") {
    const Folder folder;
    const std::string out = (folder.path() / "out").string();
    const ProgramResult result =
        run_pare({"run", folder.write("sample.toml", tests::kSampleConfig), "--out", out, "--set",
                  "budget.cycles=1", "--format", "md"});
    CHECK(result.exit_code == 0);
    CHECK(result.out.find(" over budget ") != std::string::npos);
    for (const bench::SeedRows& rows : experiments::read_rows(out).variants) {
      CHECK(rows[0].excess ==
            fmt::format("cycles {} > 1", static_cast<long>(*rows[0].cycles_estimate)));
    }
  }

  TEST_CASE("a model over the board's flash is refused with the figures, and exported by force") {
    experiments::Results large = tests::sample_results();
    large.models[0][0] = tests::random_model({1, 500, 500, 1}, 1);
    const tests::ResultsFolder results(large);
    const std::string sketch = results.beside("sketch");
    const std::string refused = tests::refusal({"export", results.path(), "float", "--to", sketch});
    CHECK(refused.starts_with(
        "pare: float: it does not fit what the Arduino core leaves of the Nano 33 BLE: flash 10"));
    CHECK(refused.ends_with(" > 888340 bytes; --force exports it all the same\n"));
    CHECK_FALSE(fs::exists(sketch));
    CHECK(run_pare({"export", results.path(), "float", "--to", sketch, "--force"}).exit_code == 0);
    CHECK(fs::exists(sketch + "/sketch.ino"));
    CHECK(tests::refusal({"flash", results.path(), "float", "--board", "emulated"})
              .ends_with(" > 888340 bytes\n"));
  }

  TEST_CASE("flash says what the board is and that it passes its self-test") {
    const ProgramResult result =
        run_pare({"flash", sample_run().results(), "int8", "--board", "emulated"});
    CHECK(result.exit_code == 0);
    CHECK(result.err == "");
    CHECK(result.out.starts_with("int8 started on the emulated board: "));
    CHECK(result.out.ends_with(" and self-test 8 of 8\n"));
  }

  TEST_CASE("validate compares the board over the test set, and keeps the outcome") {
    const std::string& results = sample_run().results();
    for (bench::Row row : sample_run().rows()) {
      row.board.clear();
      row.vectors.reset();
      row.bit_exact.reset();
      row.max_difference.reset();
      experiments::update_row(results, 3, row);
      const ProgramResult result = run_pare({"validate", results, row.name, "--board", "emulated"});
      CHECK(result.exit_code == 0);
      CHECK(result.err == "");
      CHECK(result.out.starts_with(row.name + " on the emulated board: "));
      CHECK(result.out.find(" 20 test vectors") != std::string::npos);
    }
    const bench::Row int8 = sample_run().rows().at(1);
    CHECK(int8.board == "emulated");
    CHECK(int8.vectors == 20);
    CHECK(int8.bit_exact == 20);
    CHECK(sample_run().rows().at(0).vectors == 20);
  }

  TEST_CASE("the same seed gives the same model files to the byte, another seed does not") {
    const std::string first = read_file(sample_run().results() + "/models/float.safetensors") +
                              read_file(sample_run().results() + "/models/int8.safetensors");
    CHECK(first.size() > 200);
    CHECK(trained_bytes({}) == first);
    CHECK(trained_bytes({"--set", "seed=4"}) != first);
  }

  TEST_CASE("a run over seeds gives for each the models that a run of that seed alone gives") {
    const Folder folder;
    const std::string config = folder.write("sample.toml", tests::kSampleConfig);
    const std::string out = (folder.path() / "out").string();
    const ProgramResult result =
        run_pare({"run", config, "--set", "seeds=[4, 3]", "--out", out, "--format", "csv"});
    CHECK(result.exit_code == 0);
    CHECK(result.err == "");
    CHECK(result.out == read_file(out + "/table.csv"));
    for (const char* variant : {"float", "int8"}) {
      CHECK(read_file(fmt::format("{}/models/seed-3/{}.safetensors", out, variant)) ==
            read_file(fmt::format("{}/models/{}.safetensors", sample_run().results(), variant)));
      CHECK(read_file(fmt::format("{}/models/seed-4/{}.safetensors", out, variant)) !=
            read_file(fmt::format("{}/models/seed-3/{}.safetensors", out, variant)));
    }
    const experiments::StoredRows rows = experiments::read_rows(out);
    CHECK(rows.seeds == std::vector<std::uint64_t>{4, 3});
    for (const bench::SeedRows& variant : rows.variants) {
      REQUIRE(variant.size() == 2);
      CHECK(variant[0].mse != variant[1].mse);
      for (const bench::Row& row : variant) CHECK(row.host_ns_median > 1);
    }
    CHECK(rows.variants[1][1].mse == sample_run().rows().at(1).mse);
    CHECK(rows.variants[1][1].bit_exact == 20);
  }

  TEST_CASE("validate takes the seed that is named, and keeps the outcome with it") {
    const Folder folder;
    const std::string config = folder.write("sample.toml", tests::kSampleConfig);
    const std::string out = (folder.path() / "out").string();
    REQUIRE(run_pare({"run", config, "--set", "seeds=[4, 3]", "--out", out}).exit_code == 0);
    bench::Row row = experiments::read_rows(out).variants[1][1];
    row.vectors.reset();
    experiments::update_row(out, 3, row);
    const ProgramResult result =
        run_pare({"validate", out, "int8", "--seed", "3", "--board", "emulated"});
    CHECK(result.exit_code == 0);
    CHECK(result.out.starts_with("int8, seed 3, on the emulated board: 20 of 20 test vectors "));
    CHECK(experiments::read_rows(out).variants[1][1].vectors == 20);
    CHECK(run_pare({"flash", out, "int8", "--board", "emulated"})
              .out.starts_with("int8, seed 4, started on the emulated board: "));
  }

  TEST_CASE(
      "run keeps the base model, and trains it anew when its file is damaged or for --fresh") {
    const Folder folder;
    const std::string config = folder.write("sample.toml", tests::kSampleConfig);
    const std::string models = (folder.path() / "results/.cache").string();
    const auto run_again = [&](std::vector<std::string> more) {
      more.insert(more.begin(), {"run", config});
      const ProgramResult result = run_pare(more, {}, folder.path().string());
      CHECK(result.exit_code == 0);
      return result.err;
    };
    const auto model = [&] {
      return read_file(folder.path() / "results/sample/models/float.safetensors");
    };
    CHECK(run_again({}) == "");
    const std::string first = model();
    REQUIRE(std::distance(fs::directory_iterator(models), fs::directory_iterator()) == 1);
    const fs::path kept = fs::directory_iterator(models)->path();
    CHECK(read_file(kept) == first);
    nn::save(tests::random_model({1, 4, 1}, 9), kept);
    CHECK(run_again({}) == "");
    CHECK(model() == read_file(kept));  // it was not trained
    CHECK(model() != first);
    CHECK(run_again({"--fresh"}) == "");
    CHECK(model() == first);
    CHECK(read_file(kept) == first);
    fs::resize_file(kept, 5);
    CHECK(run_again({}) ==
          "pare: results/.cache/" + kept.filename().string() +
              " is not a whole model file: it is shorter than the 8 bytes of its header's length; "
              "the base model was trained anew\n");
    CHECK(model() == first);
  }
}
