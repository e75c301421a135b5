// The built program with the emulated board, behind a pseudo-terminal, in the place of a Nano.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "mcu/kernel/kernel_version.h"
#include "nn/json_text.h"
#include "tests/experiments/program.h"
#include "tests/experiments/sample_results.h"
#include "tests/mcu/remote_board.h"
#include "tests/mcu/stand_in_cli.h"

using namespace pare;
using tests::ProgramResult;
using tests::RemoteBoard;
using tests::ResultsFolder;
using tests::run_pare;

namespace {

constexpr const char* kExact =
    "int8 on the Nano 33 BLE: 20 of 20 test vectors are bit-exact between the reference, the "
    "host's kernel and the board\n";

/// A board that runs a variant of sample_results().
class SampleBoard : public RemoteBoard {
 public:
  explicit SampleBoard(const ResultsFolder& results, const std::string& prelude = "",
                       const std::string& variant = "int8")
      : SampleBoard(experiments::load_variant(results.path(), variant), prelude) {}

  std::string port() { return line().path().string(); }

 private:
  SampleBoard(const experiments::StoredVariant& stored, const std::string& prelude)
      : RemoteBoard(stored.artefact.model, stored.data.test.inputs, prelude) {
    connect();  // and leave
  }
};

ProgramResult validate(const ResultsFolder& results, SampleBoard& board,
                       const std::string& variant = "int8") {
  return run_pare(
      {"validate", results.path(), variant, "--board", "nano33ble", "--port", board.port()});
}

/// What results.json has of the Nano for a variant: "float" is 0, "int8" 1.
nlohmann::json nano_results(const ResultsFolder& results, std::size_t variant = 1) {
  const auto json = nn::parse_json(tests::read_file(results.path() + "/results.json"));
  return json["variants"][variant]["boards"]["nano33ble"]["device"];
}

}  // namespace

TEST_CASE("a port is refused for a board that has none") {
  const ResultsFolder results;
  CHECK(
      tests::refusal({"validate", results.path(), "int8", "--board", "emulated", "--port", "x"}) ==
      "pare: --port x is for a board itself, such as --board nano33ble; an emulated one has no "
      "port\n");
}

TEST_CASE("boards lists every board, with what is measured of it here and what is missing for it") {
  const auto json = nn::parse_json(run_pare({"boards", "--format", "json"}).out);
  REQUIRE(json.size() == mcu::boards().size());
  CHECK(json[0]["name"] == "nano33ble");
  CHECK(json[0]["core"] == "Cortex-M4F");
  CHECK(json[0]["MHz"] == 64);
  CHECK(json[0]["flash B"] == 888340);
  CHECK(json[0]["measured here"] == "instructions, cycles, in qemu-system-arm");
  CHECK(json[3]["measured here"] == "nothing");
  const auto without = nn::parse_json(run_pare({"boards", "--format", "json"}, "/no").out);
  CHECK(without[0]["measured here"] ==
        "instructions, cycles, in qemu-system-arm (arm-none-eabi-g++ is missing: apt-get install "
        "gcc-arm-none-eabi)");
}

TEST_SUITE("slow") {
  TEST_CASE("validate counts a Nano's cycles, and keeps them beside the emulated board's") {
    const ResultsFolder results;
    bench::Row row = experiments::read_rows(results.path()).variants[1][0];
    row.boards["nano33ble"].vectors = 20;
    experiments::update_row(results.path(), 3, row);
    SampleBoard board(results, tests::counter_prelude(64));
    const ProgramResult result = validate(results, board);
    CHECK(result.err == "");
    CHECK(result.exit_code == 0);
    CHECK(
        result.out ==
        std::string(kExact) +
            "cycles of one inference over 100 runs: 510 at least, 520 in the median (8.1 us), 530 "
            "at most; instruction cache off\n"
            "the counter runs at 64.02 MHz by the board's micros()\n");

    const nlohmann::json nano = nano_results(results);
    CHECK(nano["vectors"] == 20);
    CHECK(nano["bit_exact"] == 20);
    CHECK(nano["max_difference"] == 0);
    CHECK(nano["instruction_cache"] == 0);
    CHECK(nano["cycles"]["runs"] == 100);
    CHECK(nano["cycles"]["min"] == 510);
    CHECK(nano["cycles"]["median"] == 520);
    CHECK(nano["cycles"]["max"] == 530);
    CHECK(nano["cycles"]["counter_mhz"] == doctest::Approx(64.025).epsilon(0.0001));
    const bench::Row after = experiments::read_rows(results.path()).variants[1][0];
    CHECK(after.boards.at("nano33ble").vectors == 20);
    CHECK(tests::read_file(results.path() + "/table.md").find("device cycles") !=
          std::string::npos);
  }

  TEST_CASE("validate says that a counter does not move, or runs at another rate") {
    const ResultsFolder results;
    SampleBoard still(results);
    CHECK(validate(results, still).out ==
          std::string(kExact) +
              "no counter: the board's cycle counter does not move; instruction cache off\n");
    CHECK(nano_results(results)["cycles"]["median"].is_null());
    SampleBoard slow(results, tests::counter_prelude(48));
    CHECK(
        validate(results, slow)
            .out.ends_with("the counter runs at 48.02 MHz by the board's micros(), not at 64: one "
                           "of the two is wrong\n"));
  }

  TEST_CASE("validate compares a float32 model within its tolerance") {
    const ResultsFolder results;
    SampleBoard board(results, "", "float");
    const ProgramResult result = validate(results, board, "float");
    CHECK(result.exit_code == 0);
    CHECK(result.out.starts_with(
        "float on the Nano 33 BLE: over 20 test vectors, the host's kernel and the board "
        "differ from the reference by at most "));
    CHECK(nano_results(results, 0)["vectors"] == 20);
  }

  TEST_CASE("validate refuses a board with another model, another kernel, or a damaged line") {
    const ResultsFolder results;
    const auto refusal_of = [&](SampleBoard& board) {
      const ProgramResult result = validate(results, board);
      CHECK(result.exit_code == 1);
      CHECK(result.out == "");
      return result.err;
    };
    SampleBoard other(results, "", "float");
    CHECK(refusal_of(other).starts_with("pare: the board holds a model with hash "));
    SampleBoard newer(results,
                      "#include \"kernel_version.h\"\n"
                      "namespace pare { constexpr uint32_t kNewer = 99; }\n"
                      "#define kKernelVersion kNewer\n");
    CHECK(refusal_of(newer) ==
          fmt::format("pare: the board runs kernel version 99, this is {}; flash it again\n",
                      kKernelVersion));
    SampleBoard damaged(results);
    damaged.line().set_faults({}, [sent = std::string()](char byte) mutable {
      sent += byte;  // of the first output, one bit flips
      return std::string(1, sent.ends_with("outputs-[" + std::string(1, byte)) && sent.size() > 800
                                ? static_cast<char>(byte ^ 1)
                                : byte);
    });
    CHECK(
        refusal_of(damaged) ==
        "pare: the reply to 'pare infer%' arrived damaged: the line to the board loses or changes "
        "bytes; try another cable\n");
    SampleBoard unplugged(results);
    unplugged.line().set_faults({}, [&, n = 0](char byte) mutable {
      if (++n == 3000) unplugged.line().vanish();
      return std::string(1, byte);
    });
    CHECK(refusal_of(unplugged) ==
          "pare: the serial line to the board broke: the board was unplugged, or it restarted; "
          "'./pare boards' shows whether it is back\n");
    CHECK(nano_results(results)["vectors"].is_null());
  }

  TEST_CASE("flash compiles, uploads, and says what the board answers") {
    const ResultsFolder results;
    SampleBoard board(results);
    const tests::StandInCli cli("true",
                                fmt::format("test -f $6/model.ino && test -f $6/model.h && {}",
                                            tests::StandInCli::kCompile));
    const ProgramResult result =
        run_pare({"flash", results.path(), "int8", "--board", "nano33ble", "--port", board.port()});
    CHECK(result.err == "");
    CHECK(result.exit_code == 0);
    CHECK(result.out.starts_with("int8 started on the Nano 33 BLE: "));
    CHECK(result.out.find(" bytes of static RAM, sketch included but not the Arduino core, and ") !=
          std::string::npos);
    CHECK(result.out.ends_with(" and self-test 20 of 20\n"));
    CHECK(tests::read_file(cli.log()).find("upload -b arduino:mbed_nano:nano33ble -p " +
                                           board.port()) != std::string::npos);
  }
}
