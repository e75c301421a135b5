#pragma once

#include <string>
#include <vector>

#include "bench/table.h"
#include "mcu/c_source.h"

namespace pare::experiments {

struct RunArguments {
  std::string config;
  std::vector<std::string> overrides;
  std::string out;
  bench::Format format = bench::Format::text;
};

/// ./pare run: writes the results folder and prints the table. False if a board that ran a variant
/// did not give what the reference gives.
bool run_experiment(const RunArguments& arguments);

struct TableArguments {
  std::string results;
  std::string sort;
  bench::Format format = bench::Format::text;
};

/// ./pare table: prints the table of a results folder.
void print_table(const TableArguments& arguments);

struct PassesArguments {
  bench::Format format = bench::Format::text;
};

/// ./pare passes: every pass with its options, defaults, ranges and source.
void print_passes(const PassesArguments& arguments);

struct BenchArguments {
  bench::Format format = bench::Format::text;
};

/// ./pare bench kernels: what the kernels take on the emulated board, beside the best of others.
void print_kernel_bench(const BenchArguments& arguments);

struct VariantArguments {
  std::string results;
  std::string variant;
  std::string board;
  std::string to;
  mcu::Memory weights = mcu::Memory::flash;
};

/// ./pare export: writes the sketch folder.
void export_variant(const VariantArguments& arguments);

/// ./pare flash: builds the sketch, starts the board on it and says what the board reports. False
/// if its self-test fails.
bool flash_variant(const VariantArguments& arguments);

/// ./pare validate: compares the board with the reference over the test set, and keeps the outcome
/// in results.json. False if they do not agree.
bool validate_variant(const VariantArguments& arguments);

}  // namespace pare::experiments
