#include "mcu/emulator/emulated_board.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "build_paths.h"
#include "mcu/elf_image.h"
#include "mcu/kernel/kernel_version.h"
#include "mcu/process.h"
#include "mcu/temporary_folder.h"
#include "tests/mcu/hand_written_sketch.h"

using namespace pare::mcu;
namespace fs = std::filesystem;

namespace {

using Lines = std::vector<std::string>;

/// outputs = weights * inputs, clamped; scale 0.25, zero point -4. The second weight row is 2 0 -1.
constexpr const char* kModel = R"(#pragma once
#include <stdint.h>
#include "kernel_version.h"
namespace pare { namespace model {
using Value = int8_t;
constexpr char kName[] = "by_hand";
constexpr int kInputs = 3;
constexpr int kOutputs = 2;
constexpr float kInputScale = 0.5f;
constexpr float kOutputScale = 0.25f;
constexpr int kInputZeroPoint = 0;
constexpr int kOutputZeroPoint = -4;
static const int8_t kWeights[kOutputs][kInputs] = {{1, -2, 3}, {2, 0, -1}};
constexpr uint32_t kParameterBytes = sizeof(kWeights);
constexpr uint32_t kKernelHash = 0;
inline const void* parameters() { return kWeights; }
}}
extern "C" __attribute__((noinline)) void pare_infer(const int8_t* inputs, int8_t* outputs) {
  volatile uint32_t used[12] = {};
  if (inputs[0] == 99) asm volatile("udf #0");
  for (int o = 0; o < pare::model::kOutputs; ++o) {
    int32_t sum = static_cast<int32_t>(used[o]);
    for (int i = 0; i < pare::model::kInputs; ++i) sum += pare::model::kWeights[o][i] * inputs[i];
    outputs[o] = static_cast<int8_t>(sum < -128 ? -128 : sum > 127 ? 127 : sum);
  }
}
)";

/// The third vector is wrong on purpose.
constexpr const char* kTestVectors = R"(#pragma once
#include "model.h"
namespace pare { namespace model {
constexpr int kTestVectors = 3;
static const Value kTestInputs[kTestVectors][kInputs] = {{1, 2, 3}, {-100, 100, 0}, {1, 0, 0}};
static const Value kTestOutputs[kTestVectors][kOutputs] = {{6, -1}, {-128, -128}, {1, 3}};
}}
)";

fs::path write_sketch(const fs::path& parent, const std::string& model = kModel) {
  return pare::tests::write_sketch(parent / "by_hand", model, kTestVectors);
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

/// An environment in which no program is found.
class NoPath {
 public:
  NoPath() : saved_(std::getenv("PATH")) { ::setenv("PATH", "/nowhere", 1); }
  ~NoPath() { ::setenv("PATH", saved_.c_str(), 1); }

 private:
  std::string saved_;
};

/// One image for all tests that only read from it.
const Image& image() {
  static const TemporaryFolder kFolder;
  static const Image kBuilt = build_image(write_sketch(kFolder.path()), kFolder.path() / "build");
  return kBuilt;
}

/// What the board answers, line by line; an error's text as its only line.
Lines ask(BoardClient& client, const std::string& command) {
  try {
    return client.command(command);
  } catch (const std::runtime_error& error) {
    return {error.what()};
  }
}

Lines error_at(const std::string& command, const std::string& text) {
  return {"the board answered 'e-[" + text + "]' to '" + command + "%'"};
}

}  // namespace

TEST_CASE("an image counts what the sketch puts into flash and RAM, and knows pare_infer") {
  CHECK(image().flash_bytes > 5000);
  CHECK(image().flash_bytes < 6500);
  CHECK(image().ram_bytes > 850);
  CHECK(image().ram_bytes < 1000);
  CHECK(image().buffer_bytes == 3 + 2);
  CHECK(image().infer_address >= nano33ble().toolchain->flash_begin);
  CHECK(image().infer_address < nano33ble().toolchain->flash_end);
  CHECK(image().infer_address % 2 == 0);
}

TEST_CASE("an image grows by exactly what a model's code grows by") {
  const TemporaryFolder folder;
  const auto flash_bytes = [&](int words) {
    std::string model = kModel;
    const std::string code =
        "asm volatile(\".rept " + std::to_string(words) + "\\n nop.w\\n.endr\");";
    model.insert(model.find('{', model.find("pare_infer(")) + 1, code);
    const fs::path parent = folder.path() / std::to_string(words);
    return build_image(write_sketch(parent, model), folder.path() / "build").flash_bytes;
  };
  // 64 bytes in all: wherever a part that is aligned to 64 lies, it would move between two of them.
  const long without = flash_bytes(0);
  for (const int words : {1, 4, 8, 12, 15}) CHECK(flash_bytes(words) - without == 4 * words);
}

TEST_CASE("the sketch answers every command of MLPerf Tiny as the reference firmware does") {
  EmulatedBoard board(image());
  BoardClient& client = board.client();
  CHECK(ask(client, "name") == Lines{"m-name-dut-[by_hand]"});
  CHECK(ask(client, "profile") ==
        Lines{"m-profile-[ULPMark for tinyML Firmware V0.0.1]", "m-model-[by_hand]"});
  const Lines lap = ask(client, "timestamp");
  REQUIRE(lap.size() == 1);
  CHECK(lap[0].starts_with("m-lap-us-"));
  CHECK(ask(client, "db load 3") == Lines{"m-[Expecting 3 bytes]"});
  CHECK(ask(client, "db 0a") == Lines{});
  CHECK(ask(client, "db 02fF") == Lines{"m-load-done"});
  CHECK(ask(client, "db print") == Lines{"m-buffer-0a-02-ff"});

  const Lines inferred = ask(client, "infer 2 3");
  REQUIRE(inferred.size() == 7);
  CHECK(inferred[0] == "m-warmup-start-3");
  CHECK(inferred[1] == "m-warmup-done");
  CHECK(inferred[2] == "m-infer-start-2");
  CHECK(inferred[3].starts_with("m-lap-us-"));
  CHECK(inferred[4].starts_with("m-lap-us-"));
  CHECK(inferred[5] == "m-infer-done");
  CHECK(inferred[6] == "m-results-[1.750000,6.250000]");
  CHECK(ask(client, "results") == Lines{"m-results-[1.750000,6.250000]"});
}

TEST_CASE("the sketch says what is wrong with a command, and goes on") {
  EmulatedBoard board(image());
  BoardClient& client = board.client();
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"reboot now", "Unknown command: reboot"},
      {"pare bench", "Unknown command: pare bench"},
      {"db", "Command 'db' requires a subcommand"},
      {"db load", "Command 'db load' must be 3 bytes"},
      {"db load 4", "Command 'db load' must be 3 bytes"},
      {"db load 3x", "Command 'db load' must be 3 bytes"},
      {"db 01", "Command 'db load' must come first"},
      {"infer 0", "Inference iterations must be >0"},
      {"infer x", "Inference iterations must be >0"},
      {"infer 9999999999", "Inference iterations must be >0"},
      {"infer 1 -1", "Inference warmup must be >=0"},
      {std::string(81, 'x'), "Command longer than 80 characters"},
  };
  for (const auto& [command, text] : wrong) {
    CHECK(ask(client, command) == error_at(command, text));
  }
  CHECK(ask(client, "db load 3") == Lines{"m-[Expecting 3 bytes]"});
  CHECK(ask(client, "db 012") == error_at("db 012", "Insufficient number of hex digits"));
  CHECK(ask(client, "db 0g") == error_at("db 0g", "Invalid hex digit"));
  CHECK(ask(client, std::string(80, 'x')) ==
        error_at(std::string(80, 'x'), "Unknown command: " + std::string(80, 'x')));
}

TEST_CASE("the client has the emulated board infer, and the bytes are those of the arithmetic") {
  EmulatedBoard board(image());
  BoardClient& client = board.client();
  CHECK(client.infer(std::vector<std::uint8_t>{1, 2, 3}) == std::vector<std::uint8_t>{6, 0xff});
  CHECK(client.infer(std::vector<std::uint8_t>{0x9c, 100, 0}) ==
        std::vector<std::uint8_t>{0x80, 0x80});
  CHECK(client.selftest().passed == 2);
  CHECK(client.selftest().total == 3);
  CHECK(client.stack_bytes() >= 48);
  CHECK(client.stack_bytes() < 128);
  CHECK(!client.cycles());
  CHECK(client.counter_mhz() == 0);
  const BoardInfo info = client.info();
  CHECK(info.name == "by_hand");
  CHECK(info.kernel_version == pare::kKernelVersion);
  CHECK(info.hash == 0xb1a90837u);
  CHECK(info.type == "int8");
  CHECK(info.inputs == 3);
  CHECK(info.outputs == 2);
  CHECK(!info.instruction_cache);
  CHECK(board.stop().empty());
}

TEST_CASE("a hard fault on the emulated board is reported as one") {
  EmulatedBoard board(image());
  CHECK_THROWS_WITH(board.client().infer(std::vector<std::uint8_t>{99, 0, 0}),
                    "the board stopped with a hard fault at 'pare infer%'");
}

TEST_CASE("a sketch that does not compile is reported in the compiler's words") {
  const TemporaryFolder folder;
  const fs::path sketch = write_sketch(folder.path(), "#error no model here\n");
  const std::string message = message_of([&] { build_image(sketch, folder.path() / "build"); });
  CHECK(message.starts_with((sketch / "by_hand.ino").string() +
                            " does not build for the Nano 33 BLE:\n"));
  CHECK(message.find("no model here") != std::string::npos);
}

TEST_CASE("the sketch compiles without a warning") {
  const TemporaryFolder folder;
  const fs::path sketch = write_sketch(folder.path());
  std::vector<std::string> command = {find_program("arm-none-eabi-g++").value().string()};
  const std::vector<std::string>& flags = nano33ble().toolchain->flags;
  command.insert(command.end(), flags.begin(), flags.end());
  const fs::path board = fs::path(PARE_SOURCE_DIR) / "mcu/emulator/board";
  command.insert(command.end(), {"-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", board, "-I",
                                 board / "nano33ble", "-include", "Arduino.h", "-x", "c++",
                                 sketch / "by_hand.ino"});
  const ProcessResult result = run_process(command);
  CHECK(result.output == "");
  CHECK(result.exit_code == 0);
}

TEST_CASE(
    "a sketch over what the Arduino core leaves of flash or RAM is refused with the figures") {
  const auto excess_of = [](const std::string& array) {
    const TemporaryFolder folder;
    std::string model = kModel;
    model.insert(model.find("extern \"C\""), array);
    model.insert(model.find("  for (int o"), "  asm volatile(\"\" : : \"r\"(array));\n");
    const fs::path sketch = write_sketch(folder.path(), model);
    try {
      build_image(sketch, folder.path() / "build");
    } catch (const DoesNotFit& error) {
      CHECK(error.what() == "it does not fit what the Arduino core leaves of the Nano 33 BLE: " +
                                error.excess() + " bytes");
      return error.excess();
    }
    return std::string("it fits");
  };
  const auto figure_of = [](const std::string& excess) {
    return std::stol(excess.substr(excess.find(' ')));
  };
  CHECK(nano33ble().sketch_flash_bytes == 888340);
  CHECK(nano33ble().sketch_ram_bytes == 218032);
  CHECK(excess_of("static const char array[880000] = {1};\n") == "it fits");
  const std::string flash = excess_of("static const char array[890000] = {1};\n");
  CHECK(flash.starts_with("flash "));
  CHECK(flash.ends_with(" > 888340"));
  CHECK(std::abs(figure_of(flash) - (image().flash_bytes + 890000)) < 8);
  CHECK(excess_of("static char array[210000];\n") == "it fits");
  const std::string ram = excess_of("static char array[220000];\n");
  CHECK(ram.starts_with("RAM "));
  CHECK(ram.ends_with(" > 218032"));
  CHECK(std::abs(figure_of(ram) - (image().ram_bytes + 220000)) < 8);
}

TEST_CASE("two threads may build with one folder") {
  const TemporaryFolder folder;
  const fs::path sketch = write_sketch(folder.path());
  Image images[2];
  std::thread other([&] { images[0] = build_image(sketch, folder.path() / "build"); });
  images[1] = build_image(sketch, folder.path() / "build");
  other.join();
  CHECK(images[0].flash_bytes == images[1].flash_bytes);
  CHECK(EmulatedBoard(images[0]).client().info().name == "by_hand");
}

TEST_CASE("a missing compiler or emulator is named with its package") {
  const TemporaryFolder folder;
  const fs::path sketch = write_sketch(folder.path());
  const Image& built = image();
  const NoPath no_path;
  CHECK(message_of([&] { build_image(sketch, folder.path() / "build"); }) ==
        "arm-none-eabi-g++ was not found in PATH; install the Debian package gcc-arm-none-eabi, "
        "or run './pare doctor'");
  CHECK(message_of([&] { EmulatedBoard board(built); }) ==
        "qemu-system-arm was not found in PATH; install the Debian package qemu-system-arm, or "
        "run './pare doctor'");
}

TEST_CASE("an emulator that cannot start is reported in its own words") {
  EmulatedBoard::Options options;
  options.timing_plugin = "/nowhere/plugin.so";
  const std::string message = message_of([&] { EmulatedBoard board(image(), options); });
  CHECK(message.find("does not start on the emulated Nano 33 BLE") != std::string::npos);
  CHECK(message.find("/nowhere/plugin.so") != std::string::npos);
}

TEST_CASE("a damaged ELF file is reported with its path") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "damaged.elf";
  std::ofstream(path) << "text";
  CHECK_THROWS_WITH(
      read_elf(path),
      (path.string() + " ends too early: not a linked 32-bit ARM or RISC-V program").c_str());
  fs::copy_file(image().elf, path, fs::copy_options::overwrite_existing);
  fs::resize_file(path, fs::file_size(path) / 2);
  CHECK_THROWS_WITH(
      read_elf(path),
      (path.string() + " ends too early: not a linked 32-bit ARM or RISC-V program").c_str());
  CHECK_THROWS_WITH(read_elf(folder.path() / "none.elf"),
                    ((folder.path() / "none.elf").string() + " cannot be opened").c_str());
}
