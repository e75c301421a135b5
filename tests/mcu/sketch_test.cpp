// The sketch itself: what it says byte by byte, what it does with its serial port and its light,
// and that the Arduino tools can build it.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <regex>
#include <sstream>

#include "build_paths.h"
#include "tests/mcu/remote_board.h"

using namespace pare;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using tests::RemoteBoard;

namespace {

/// Sends a command as the field's runner does and gives its reply, line ends included, up to the
/// line with "m-ready".
std::string talk(mcu::SerialLink& link, const std::string& command) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  link.write(command + "%", deadline);
  std::string reply;
  for (;;) {
    const std::optional<std::string> line = link.read_line(deadline);
    REQUIRE(line.has_value());
    reply += *line + "\n";
    if (line->find("m-ready") != std::string::npos) return reply;
  }
}

/// Talks past the client, which has left.
mcu::SerialLink raw_link(RemoteBoard& board) {
  board.connect();
  return mcu::SerialLink(mcu::open_serial_port(board.line().path()));
}

std::string hex(const std::vector<std::uint8_t>& bytes, std::size_t begin, std::size_t end) {
  std::string text;
  for (std::size_t i = begin; i < std::min(end, bytes.size()); ++i) {
    text += fmt::format("{:02x}", bytes[i]);
  }
  return text;
}

/// What the Arduino builder makes of a sketch: Arduino.h first, and a prototype of each function
/// before the first of them. Source: Arduino, "Sketch build process".
std::string as_arduino_builds(const std::string& ino) {
  static const std::regex kFunction(
      R"(^((?:static |inline )*[A-Za-z_][\w:]* +[A-Za-z_]\w*\([^()]*\)) \{)",
      std::regex::multiline);
  std::string prototypes;
  std::size_t first = std::string::npos;
  for (auto found = std::sregex_iterator(ino.begin(), ino.end(), kFunction);
       found != std::sregex_iterator(); ++found) {
    first = std::min(first, static_cast<std::size_t>(found->position()));
    prototypes += (*found)[1].str() + ";\n";
  }
  REQUIRE(first != std::string::npos);
  REQUIRE(prototypes.find("void loop();") != std::string::npos);
  return "#include <Arduino.h>\n#line 1 \"sketch.ino\"\n" + ino.substr(0, first) + prototypes +
         ino.substr(first);
}

/// What the Nano's core has in Arduino.h beyond the emulator's: names that could clash.
constexpr const char* kCoreNames = R"(#include_next <Arduino.h>
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>
#define HEX 16
#define DEC 10
#define BIN 2
#define PI 3.1415926535897932384626433832795
#define F(text) (text)
#define bit(b) (1UL << (b))
#define lowByte(w) ((uint8_t)((w) & 0xff))
#define sq(x) ((x) * (x))
#define interrupts() __enable_irq()
namespace mbed { class Timer; }
namespace rtos { class Thread; }
namespace arduino { class Print; }
using namespace std;
using namespace mbed;
using namespace rtos;
using namespace arduino;
)";

}  // namespace

TEST_CASE("the exported sketch builds as the Arduino tools build it, without a warning") {
  const tests::Folder folder;
  const fs::path sketch = folder.path() / "my_sketch";
  const nn::Model int8 = tests::random_int8_model({40, 8, 3}, 5, true);
  const nn::Model floats = tests::random_model({5, 4, 2}, 1);
  for (const nn::Model& model : {int8, floats}) {
    fs::remove_all(sketch);
    const mcu::TestVectors vectors =
        mcu::make_test_vectors(model, tests::random_matrix(4, nn::input_count(model), 7), 4);
    mcu::export_sketch(mcu::make_artefact("my-model", model, mcu::encode(model)), vectors, sketch);
    std::size_t sketches = 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(sketch)) {
      sketches += entry.path().extension() == ".ino" ? 1U : 0U;
      CHECK(entry.is_regular_file());
    }
    CHECK(sketches == 1);
    const std::string built = as_arduino_builds(tests::read_file(sketch / "my_sketch.ino"));
    std::ofstream(sketch / "my_sketch.ino.cpp") << built;
    fs::create_directory(folder.path() / "core");
    folder.write("core/Arduino.h", kCoreNames);
    std::vector<std::string> command{mcu::find_program("arm-none-eabi-g++").value().string()};
    const std::vector<std::string>& flags = mcu::nano33ble().toolchain->flags;
    command.insert(command.end(), flags.begin(), flags.end());
    command.insert(
        command.end(),
        {"-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", folder.path() / "core", "-I",
         fs::path(PARE_SOURCE_DIR) / "mcu/emulator/board", "-I",
         fs::path(PARE_SOURCE_DIR) / "mcu/emulator/board/nano33ble", sketch / "my_sketch.ino.cpp"});
    const mcu::ProcessResult result = mcu::run_process(command);
    CHECK(result.output == "");
    CHECK(result.exit_code == 0);
  }
}

TEST_SUITE("slow") {
  TEST_CASE("the field's own runner is answered as its reference firmware answers") {
    RemoteBoard board;
    mcu::SerialLink link = raw_link(board);
    const std::vector<std::uint8_t>& input = board.vectors().inputs[0];
    CHECK(talk(link, "name") == "m-name-dut-[remote]\nm-ready\n");
    CHECK(talk(link, "profile") ==
          "m-profile-[ULPMark for tinyML Firmware V0.0.1]\nm-model-[remote]\nm-ready\n");
    CHECK(std::regex_match(talk(link, "timestamp"), std::regex("m-lap-us-[0-9]+\nm-ready\n")));
    CHECK(talk(link, "db load 40") == "m-[Expecting 40 bytes]\nm-ready\n");
    CHECK(talk(link, "db " + hex(input, 0, 31)) == "m-ready\n");
    CHECK(talk(link, "db " + hex(input, 31, 62)) == "m-load-done\nm-ready\n");
    const std::string printed = talk(link, "db print");
    CHECK(std::regex_replace(printed, std::regex("m-buffer-|[-\n]"), "") ==
          hex(input, 0, 40) + "mready");
    CHECK(std::count(printed.begin(), printed.end(), '\n') == 6);
    const std::string inferred = talk(link, "infer 3 2");
    std::smatch parts;
    REQUIRE(std::regex_match(
        inferred, parts,
        std::regex("m-warmup-start-2\nm-warmup-done\nm-infer-start-3\nm-lap-us-([0-9]+)\n"
                   "m-lap-us-([0-9]+)\nm-infer-done\nm-results-\\[([-0-9.,]+)\\]\nm-ready\n")));
    CHECK(std::stol(parts[2]) >= std::stol(parts[1]));
    CHECK(talk(link, "results") == "m-results-[" + parts[3].str() + "]\nm-ready\n");
    std::istringstream numbers(parts[3]);
    const nn::Quantization output = board.output();
    for (const std::uint8_t byte : board.vectors().outputs[0]) {
      std::string number;
      REQUIRE(std::getline(numbers, number, ','));
      const double steps = static_cast<std::int8_t>(byte) - output.zero_point;
      CHECK(std::stod(number) == doctest::Approx(steps * static_cast<double>(output.scale)));
    }
    CHECK(talk(link, "help") == "e-[Unknown command: help]\nm-ready\n");
    CHECK(talk(link, "db 00") == "e-[Command 'db load' must come first]\nm-ready\n");
    CHECK(talk(link, "infer 0 0") == "e-[Inference iterations must be >0]\nm-ready\n");
    CHECK(talk(link, "name") == "m-name-dut-[remote]\nm-ready\n");
  }

  TEST_CASE("the sketch starts without a host, and answers one that comes later") {
    // A port that is never ready, and a clock that runs while it is asked.
    RemoteBoard board(tests::random_model({5, 4, 2}, 1), tests::random_matrix(2, 5, 7),
                      "#undef SERIAL_CDC\n"  // its write is that of no USB
                      "static struct {\n"
                      "  explicit operator bool() const { return false; }\n"
                      "  void begin(unsigned long baud) { Serial.begin(baud); }\n"
                      "  int available() { return Serial.available(); }\n"
                      "  int peek() { return Serial.peek(); }\n"
                      "  int read() { return Serial.read(); }\n"
                      "  size_t write(const uint8_t* b, size_t n) { return Serial.write(b, n); }\n"
                      "} no_host;\n"
                      "static uint32_t fake_ms;\n"
                      "#define millis() (fake_ms += 10)\n"
                      "#define Serial no_host\n");
    CHECK(board.connect(10s).info().name == "remote");
  }

  TEST_CASE("a reply leaves in one piece") {
    // Here timestamp% gives the number of writes so far.
    RemoteBoard board(tests::random_model({5, 4, 2}, 1), tests::random_matrix(2, 5, 7),
                      "#undef SERIAL_CDC\n"
                      "static uint32_t writes;\n"
                      "static struct {\n"
                      "  explicit operator bool() const { return true; }\n"
                      "  void begin(unsigned long baud) { Serial.begin(baud); }\n"
                      "  int available() { return Serial.available(); }\n"
                      "  int peek() { return Serial.peek(); }\n"
                      "  int read() { return Serial.read(); }\n"
                      "  size_t write(const uint8_t* b, size_t n) {\n"
                      "    ++writes;\n"
                      "    return Serial.write(b, n);\n"
                      "  }\n"
                      "} counted;\n"
                      "#define Serial counted\n"
                      "#define micros() writes\n");
    mcu::SerialLink link = raw_link(board);
    const auto writes = [&] { return std::stol(talk(link, "timestamp").substr(9)); };
    const long before = writes();
    for (const char* command : {"pare info", "infer 2 2", "results", "db print", "nonsense"}) {
      talk(link, command);
    }
    CHECK(writes() == before + 6);
  }

  TEST_CASE("the light blinks while commands come") {
    // Here timestamp% gives how often the light has changed.
    RemoteBoard board(tests::random_model({5, 4, 2}, 1), tests::random_matrix(2, 5, 7),
                      "#undef SERIAL_CDC\n"  // without it only the light asks for the time
                      "static uint32_t changes, light, fake_ms;\n"
                      "static void set_light(unsigned, int on) {\n"
                      "  if (light != static_cast<uint32_t>(on)) ++changes;\n"
                      "  light = static_cast<uint32_t>(on);\n"
                      "}\n"
                      "#define digitalWrite set_light\n"
                      "#define micros() changes\n"
                      "#define millis() (fake_ms += 5)\n");
    mcu::SerialLink link = raw_link(board);
    const auto changes = [&] { return std::stol(talk(link, "timestamp").substr(9)); };
    const long before = changes();
    for (int i = 0; i < 200; ++i) talk(link, "name");  // each takes some of the 5 ms
    const long after = changes();
    CHECK(after - before > 10);
    CHECK(after - before < 60);
  }
}
