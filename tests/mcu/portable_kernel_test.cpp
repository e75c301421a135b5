// The kernel on processors that the emulated board is not: their compilers have no complaint, and
// the bytes are the reference's. The programs have no operating system.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "build_paths.h"
#include "mcu/c_source.h"
#include "mcu/export_sketch.h"
#include "mcu/process.h"
#include "mcu/temporary_folder.h"
#include "tests/helpers.h"
#include "tests/mcu/sparse_int8.h"

using namespace pare;

namespace {

namespace fs = std::filesystem;

/// Ends the emulator with exit code 0 if every stored vector gives its stored outputs.
constexpr const char* kProgram = R"(
#include "model.h"
#include "vectors.h"

using namespace pare::model;

static Value outputs[kOutputs];

/// By semihosting of the one, the test device of the other's machine.
static void exit_program(bool good) {
#if defined(__arm__)
  register uint32_t operation asm("r0") = 0x18;
  register uint32_t reason asm("r1") = good ? 0x20026 : 0x20023;
  asm volatile("bkpt 0xab" : : "r"(operation), "r"(reason) : "memory");
#else
  *reinterpret_cast<volatile uint32_t*>(0x100000) = good ? 0x5555 : 0x13333;
#endif
}

extern "C" void run() {
  bool good = true;
  for (int v = 0; v < kVectors; ++v) {
    pare_infer(kInputVectors[v], outputs);
    for (int i = 0; i < kOutputs; ++i) good = good && outputs[i] == kOutputVectors[v][i];
  }
  exit_program(good);
  while (true) {
  }
}

#if defined(__arm__)
extern "C" char stack_top;
struct Vectors {
  void* stack;
  void (*handlers[3])();
};
extern "C" __attribute__((section(".start"))) const Vectors vectors;
const Vectors vectors = {&stack_top, {run, run, run}};
#else
asm(".section .start\n.global start\nstart: la sp, stack_top\nj run\n");
#endif
)";

constexpr const char* kLinkerScript = R"(
ENTRY(run)
SECTIONS {
  . = CODE;
  .text : { KEEP(*(.start)) *(.text*) *(.rodata*) *(.srodata*) *(.ARM*) }
  .other : { *(.eh_frame*) }
  . = DATA;
  .bss : { *(.data*) *(.sdata*) *(.bss*) *(.sbss*) }
  . = DATA + 0x3f00;
  stack_top = .;
}
)";

/// A processor: how to compile for it, and an emulated machine that holds code and data there.
struct Target {
  std::string compiler;
  std::string package;
  std::vector<std::string> flags;
  std::vector<std::string> emulator;
  std::string emulator_package;
  std::string code;
  std::string data;
};

const Target kCortexM0{"arm-none-eabi-g++",
                       "gcc-arm-none-eabi",
                       {"-mcpu=cortex-m0plus", "-mthumb"},
                       {"qemu-system-arm", "-machine", "microbit"},
                       "qemu-system-arm",
                       "0x0",
                       "0x20000000"};
const Target kRiscV{"riscv64-unknown-elf-g++",
                    "gcc-riscv64-unknown-elf",
                    {"-march=rv32imc", "-mabi=ilp32", "-ffreestanding"},
                    {"qemu-system-riscv32", "-machine", "virt", "-bios", "none"},
                    "qemu-system-misc",
                    "0x80000000",
                    "0x80100000"};

std::string vectors_text(const mcu::EncodedModel& model, const mcu::TestVectors& vectors) {
  return fmt::format(
      "static const pare::model::Value kInputVectors[][pare::model::kInputs] = {{\n{}}};\n"
      "static const pare::model::Value kOutputVectors[][pare::model::kOutputs] = {{\n{}}};\n"
      "constexpr int kVectors = {};\n",
      mcu::c_rows(model.arithmetic, vectors.inputs), mcu::c_rows(model.arithmetic, vectors.outputs),
      vectors.inputs.size());
}

/// Compiles and runs the program in `folder`; its exit code, or the compiler's complaints.
int run_on(const Target& target, const fs::path& folder, const std::string& optimization) {
  const std::string program = folder / "program";
  std::vector<std::string> command{mcu::require_program(target.compiler, target.package),
                                   optimization};
  command.insert(command.end(), target.flags.begin(), target.flags.end());
  command.insert(command.end(), {"-std=gnu++14",
                                 "-fno-exceptions",
                                 "-fno-rtti",
                                 "-funsigned-char",
                                 "-Wall",
                                 "-Wextra",
                                 "-Wpedantic",
                                 "-Wshadow",
                                 "-Wconversion",
                                 "-Wsign-conversion",
                                 "-Wdouble-promotion",
                                 "-Wcast-align",
                                 "-Werror",
                                 "-nostdlib",
                                 "-I",
                                 std::string(PARE_SOURCE_DIR) + "/mcu/kernel",
                                 folder / "program.cpp",
                                 "-T",
                                 folder / "link.ld",
                                 "-Wl,--defsym=CODE=" + target.code,
                                 "-Wl,--defsym=DATA=" + target.data,
                                 "-lgcc",
                                 "-o",
                                 program});
  const mcu::ProcessResult built = mcu::run_process(command);
  REQUIRE(built.output == "");
  std::vector<std::string> emulator = target.emulator;
  emulator[0] = mcu::require_program(emulator[0], target.emulator_package);
  emulator.insert(emulator.end(),
                  {"-display", "none", "-monitor", "none", "-serial", "none", "-semihosting-config",
                   "enable=on,target=native", "-kernel", program});
  mcu::ChildProcess child(emulator, {});
  const std::optional<int> code = child.wait_for(std::chrono::seconds(20));
  REQUIRE(code);
  return *code;
}

}  // namespace

TEST_CASE("the int8 kernels give the reference's bytes on Cortex-M0+ and RV32IMC, and no warning" *
          doctest::test_suite("slow")) {
  std::uint64_t seed = 300;
  for (const Target& target : {kCortexM0, kRiscV}) {
    for (const auto& widths : std::vector<std::vector<nn::Index>>{{5, 18, 7, 9, 3}, {1, 16, 16}}) {
      CAPTURE(target.compiler);
      ++seed;
      const tests::Folder folder;
      const nn::Model model = tests::random_int8_model(widths, seed, seed % 2 == 1);
      const mcu::EncodedModel encoded = mcu::encode(model);
      mcu::TestVectors vectors =
          mcu::make_test_vectors(model, tests::random_matrix(10, widths.front(), seed) * 30, 10);
      folder.write("program.cpp", kProgram);
      folder.write("link.ld", kLinkerScript);
      folder.write("model.h", mcu::model_source(encoded, "test").text);
      folder.write("vectors.h", vectors_text(encoded, vectors));
      CHECK(run_on(target, folder.path(), "-Os") == 0);
      CHECK(run_on(target, folder.path(), "-O3") == 0);
      vectors.outputs.back().back() ^= 1;
      folder.write("vectors.h", vectors_text(encoded, vectors));
      CHECK(run_on(target, folder.path(), "-Os") == 1);
    }
  }
}

TEST_CASE("every int8 encoding gives the reference's bytes on Cortex-M0+ and RV32IMC" *
          doctest::test_suite("slow")) {
  for (const mcu::Encoding& encoding : mcu::encodings()) {
    if (encoding.name.starts_with("dense")) continue;  // for what no other can store
    CAPTURE(encoding.name);
    const std::vector<nn::Index> widths{21, 18, 5};
    nn::Model model;
    std::uint64_t kind = 0;
    do {
      model = tests::any_int8_model(widths, 501 + kind, kind);
      ++kind;
    } while (kind < 60 &&
             !std::all_of(model.layers.begin(), model.layers.end(),
                          [&](const nn::Layer& layer) { return encoding.encode(layer, false); }));
    const mcu::EncodedModel encoded = mcu::encode(model, {mcu::Optimize::size}, {&encoding, 1});
    const mcu::TestVectors vectors =
        mcu::make_test_vectors(model, tests::random_matrix(6, widths.front(), kind) * 30, 6);
    const tests::Folder folder;
    folder.write("program.cpp", kProgram);
    folder.write("link.ld", kLinkerScript);
    folder.write("model.h", mcu::model_source(encoded, "test").text);
    folder.write("vectors.h", vectors_text(encoded, vectors));
    for (const Target& target : {kCortexM0, kRiscV}) {
      CHECK(run_on(target, folder.path(), "-Os") == 0);
    }
  }
}
