// The built program from a config to the emulated board: what it measures, prints and keeps.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "bench/notes.h"
#include "bench/row.h"
#include "build_paths.h"
#include "mcu/emulator/image.h"
#include "nn/json_text.h"
#include "tests/experiments/program.h"
#include "tests/experiments/sample_run.h"

using namespace pare;
namespace fs = std::filesystem;
using tests::Folder;
using tests::ProgramResult;
using tests::read_file;
using tests::refusal;
using tests::run_pare;
using tests::sample_run;

TEST_SUITE("slow") {
  TEST_CASE("run writes the whole results folder and prints its table, and nothing else") {
    const tests::SampleRun& run = sample_run();
    CHECK(run.result().exit_code == 0);
    CHECK(tests::other_lines(run.result().err) == "");
    for (const char* variant : {"float", "int8"}) {
      const bench::Row row = run.rows().at(variant == std::string("float") ? 0 : 1);
      CHECK(run.result().err.find(fmt::format("pare: {}: {}\n", variant, bench::summarize(row))) !=
            std::string::npos);
    }
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
      for (const bench::Column& column : bench::columns({&row, 1})) {
        const std::string_view pointer = column.pointer;
        CAPTURE(pointer);
        const bool of_int8 = pointer.ends_with("/validated/bit_exact");
        const auto metrics = bench::metrics();
        const bool of_classes =
            std::any_of(metrics.begin(), metrics.end(), [&](const auto* metric) {
              return metric->task == nn::Task::classification && column.metric == metric->name;
            });
        CHECK(column.of(row).has_value() ==
              (!of_classes && pointer.find("/device/") == std::string_view::npos &&
               (!of_int8 || row.name == "int8")));
      }
      const bench::BoardRow& figures = row.boards.at("nano33ble");
      CHECK(row.parameters == 13);
      CHECK(row.macs == 8);
      CHECK(figures.flash_bytes > row.weights_bytes);
      CHECK(figures.instructions > 50);
      CHECK(figures.cycles_estimate >= figures.instructions);
      CHECK(figures.flash_cycles_estimate > figures.cycles_estimate);
      CHECK(figures.us_estimate == *figures.flash_cycles_estimate / 64);
      CHECK(row.host_ns_median > 1);
      CHECK(figures.vectors == 20);
    }
    const auto on_nano = [](std::size_t variant) {
      return sample_run().rows().at(variant).boards.at("nano33ble");
    };
    CHECK(on_nano(1).bit_exact == 20);
    CHECK(on_nano(1).max_difference == 0);
    CHECK(on_nano(0).max_difference < 1e-5);
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
    const auto instructions =
        static_cast<long>(sample_run().rows().at(1).boards.at("nano33ble").instructions.value());
    const std::string csv = profile("csv");
    CHECK(csv.starts_with("layer,encoding,inputs,outputs,MACs,bytes,M4 instr,"));
    CHECK(csv.find(fmt::format("\nall,,,,8,{},{},", sample_run().rows().at(1).weights_bytes.value(),
                               instructions)) != std::string::npos);
    const auto json = nn::parse_json(profile("json"));
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
              .ends_with("has no variant 'int9'; it has: float, int8; did you mean 'int8'?\n"));
  }

  TEST_CASE("run records the machine and its tools") {
    const auto environment =
        nn::parse_json(read_file(sample_run().results() + "/environment.json"));
    CHECK(environment.at("cores").get<int>() > 0);
    CHECK(environment.at("flags").is_string());
    const auto& nano = environment.at("boards").at("nano33ble");
    REQUIRE(nano.at("compiler").is_string());
    CHECK(nano.at("compiler").get<std::string>().starts_with("arm-none-eabi-g++"));
    REQUIRE(nano.at("emulator").is_string());
    CHECK(nano.at("emulator").get<std::string>().starts_with("QEMU emulator version"));
    CHECK(nn::parse_json(read_file(sample_run().results() + "/results.json")).at("environment") ==
          environment);
  }

  TEST_CASE("the exported sketch compiles for the Nano without a warning") {
    for (const char* variant : {"float", "int8"}) {
      CAPTURE(variant);
      const std::string folder = sample_run().beside(fmt::format("sketch_{}", variant));
      REQUIRE(run_pare({"export", sample_run().results(), variant, "--to", folder}).exit_code == 0);
      std::vector<std::string> command{
          mcu::require_program("arm-none-eabi-g++", "gcc-arm-none-eabi").string()};
      const std::vector<std::string>& flags = mcu::nano33ble().toolchain->flags;
      command.insert(command.end(), flags.begin(), flags.end());
      command.insert(command.end(),
                     {"-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I",
                      fmt::format("{}/mcu/emulator/board", PARE_SOURCE_DIR), "-I",
                      fmt::format("{}/mcu/emulator/board/nano33ble", PARE_SOURCE_DIR), "-include",
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
      const bench::BoardRow& figures = rows[0].boards.at("nano33ble");
      CHECK(figures.excess ==
            fmt::format("cycles {} > 1", static_cast<long>(*figures.flash_cycles_estimate)));
    }
  }

  TEST_CASE("a model over the board's flash is refused with the figures, and exported by force") {
    experiments::Results large = tests::sample_results();
    large.models[0][0] = tests::random_model({1, 500, 500, 1}, 1);
    large.rows[0][0].encodings.assign(3, "dense float32");
    large.rows[0][0].model_hash = tests::model_hash(large.models[0][0]);
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
    CHECK(result.out.starts_with("int8 started on the emulated Nano 33 BLE: "));
    CHECK(result.out.ends_with(" and self-test 8 of 8\n"));
  }

  TEST_CASE("validate compares the board over the test set, and keeps the outcome") {
    const std::string& results = sample_run().results();
    for (bench::Row row : sample_run().rows()) {
      bench::BoardRow& figures = row.boards["nano33ble"];
      figures.vectors.reset();
      figures.bit_exact.reset();
      figures.max_difference.reset();
      experiments::update_row(results, 3, row);
      const ProgramResult result = run_pare({"validate", results, row.name, "--board", "emulated"});
      CHECK(result.exit_code == 0);
      CHECK(result.err == "");
      CHECK(result.out.starts_with(row.name + " on the emulated Nano 33 BLE: "));
      CHECK(result.out.find(" 20 test vectors") != std::string::npos);
    }
    const bench::BoardRow int8 = sample_run().rows().at(1).boards.at("nano33ble");
    CHECK(int8.vectors == 20);
    CHECK(int8.bit_exact == 20);
    CHECK(sample_run().rows().at(0).boards.at("nano33ble").vectors == 20);
  }

  TEST_CASE("validate takes the seed that is named, and keeps the outcome with it") {
    const Folder folder;
    const std::string config = folder.write("sample.toml", tests::kSampleConfig);
    const std::string out = (folder.path() / "out").string();
    REQUIRE(run_pare({"run", config, "--set", "seeds=[4, 3]", "--out", out}).exit_code == 0);
    bench::Row row = experiments::read_rows(out).variants[1][1];
    row.boards["nano33ble"].vectors.reset();
    experiments::update_row(out, 3, row);
    const ProgramResult result =
        run_pare({"validate", out, "int8", "--seed", "3", "--board", "emulated"});
    CHECK(result.exit_code == 0);
    CHECK(result.out.starts_with(
        "int8, seed 3, on the emulated Nano 33 BLE: 20 of 20 test vectors "));
    CHECK(experiments::read_rows(out).variants[1][1].boards.at("nano33ble").vectors == 20);
    CHECK(run_pare({"flash", out, "int8", "--board", "emulated"})
              .out.starts_with("int8, seed 4, started on the emulated Nano 33 BLE: "));
  }
}
