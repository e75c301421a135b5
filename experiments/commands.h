#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/table.h"
#include "build_paths.h"
#include "mcu/c_source.h"
#include "mcu/encodings/choice.h"

namespace pare::experiments {

struct RunArguments {
  std::string config;
  std::vector<std::string> overrides;
  std::string out;
  bool fresh = false;  ///< make anew what is kept from earlier runs
  bench::Format format = bench::Format::text;
};

/// ./pare run: writes the results folder and prints the table. False if a variant could not be made
/// or measured, or a board that ran one did not give what the reference gives.
bool run_experiment(const RunArguments& arguments);

struct TableArguments {
  std::string results;
  std::string sort;
  bench::Format format = bench::Format::text;
};

/// ./pare table: prints the table of a results folder.
void print_table(const TableArguments& arguments);

/// ./pare sensitivity: prints what pruning or quantizing each layer alone does to the validation
/// accuracy of the base model; `out` is a CSV file to write, or empty.
void print_sensitivity(const RunArguments& arguments);

struct ConfigArguments {
  bench::Format format = bench::Format::text;
};

struct PassesArguments {
  std::string name;  ///< of the only pass to print; empty for all
  bench::Format format = bench::Format::text;
};

/// ./pare config: every key of a config, with its default, range and meaning.
void print_config(const ConfigArguments& arguments);

/// ./pare passes: every pass, or one, with its options, defaults, ranges and source. Throws
/// std::invalid_argument on an unknown name.
void print_passes(const PassesArguments& arguments);

struct BenchArguments {
  bench::Format format = bench::Format::text;
  int rounds = 5;  ///< of peers: how often each work is timed
  /// Of peers: where npm put onnxruntime-node.
  std::string onnx_runtime = PARE_SOURCE_DIR "/build/peers";
  std::string cmsis_nn;  ///< of kernels and timing: a checkout to build and measure, or empty
};

/// ./pare bench kernels: what the kernels take on the emulated board, beside the best of others.
void print_kernel_bench(const BenchArguments& arguments);

/// ./pare bench timing: the cycle model beside published measurements.
void print_timing_bench(const BenchArguments& arguments);

struct BoardsArguments {
  bench::Format format = bench::Format::text;
};

/// ./pare boards: the serial ports of connected boards, and the emulated board.
void print_boards(const BoardsArguments& arguments);

/// ./pare bench peers: training and inference on the host, beside PyTorch and ONNX Runtime.
void print_peer_bench(const BenchArguments& arguments);

/// ./pare bench encodings: bytes and cycles of a layer in every encoding, against sparsity.
void print_encoding_bench(const BenchArguments& arguments);

/// ./pare bench costs: measures bytes and cycles of random models in every int8 encoding, some
/// minutes, writes the prices that explain them to mcu/encodings/costs.cpp, and prints them.
void measure_costs(const BenchArguments& arguments);

/// ./pare bench cores: the dense int8 kernels on every emulated board.
void print_core_bench(const BenchArguments& arguments);

struct VariantArguments {
  std::string results;
  std::string variant;
  std::string board;     ///< the board itself; empty to do without hardware
  std::string emulated;  ///< the board that is emulated; the config's first if empty
  std::string port;      ///< of the board itself; empty to find it
  std::string to;
  std::string form = "sketch";  ///< as mcu/forms/ has it
  std::string name;             ///< what an export's functions begin with; the variant's if empty
  mcu::Memory weights = mcu::Memory::flash;
  bool force = false;                          ///< over a budget, or over what is there
  std::optional<std::uint64_t> seed;           ///< the first one if empty
  std::optional<mcu::Optimize> optimize = {};  ///< as the run had it if empty
  bench::Format format = bench::Format::text;  ///< of the table of profile and classes
};

/// ./pare profile: prints what each layer of a variant costs on the emulated board.
void print_profile(const VariantArguments& arguments);

/// ./pare classes: prints recall, precision and confusions of each class, on the test set.
void print_classes(const VariantArguments& arguments);

/// ./pare export: writes a variant as a sketch, or as a component for a program.
void export_variant(const VariantArguments& arguments);

/// ./pare flash: builds the sketch, starts the board on it and says what the board reports. False
/// if its self-test fails.
bool flash_variant(const VariantArguments& arguments);

/// ./pare validate: compares the board with the reference over the test set, and keeps the outcome
/// in results.json. False if they do not agree.
bool validate_variant(const VariantArguments& arguments);

}  // namespace pare::experiments
