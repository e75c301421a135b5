#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/metrics/metric.h"
#include "mcu/boards/board.h"

namespace pare::bench {

/// A measured number. One that was not measured is empty: null in JSON, "-" in the table.
using Number = std::optional<double>;

/// What was measured of a variant on one board: without hardware, and then on the board itself.
struct BoardRow {
  std::string excess;   ///< empty, or what is more than the budget or the board allows
  Number flash_bytes;   ///< linked image with this model minus the same image with none
  Number ram_bytes;     ///< static data of the linked model: hidden activations, and the sketch's
                        ///< buffers of its inputs and outputs
  Number stack_bytes;   ///< deepest stack of one inference
  Number instructions;  ///< of one inference, the most among its vectors
  Number cycles_estimate;        ///< zero wait states
  Number flash_cycles_estimate;  ///< with the estimated charge for data reads from flash
  Number us_estimate;            ///< of flash_cycles_estimate, by the board's clock
  Number vectors;                ///< that the emulated board was validated with
  Number bit_exact;              ///< of an int8 model
  Number max_difference;         ///< from the reference, as Agreement has it
  Number device_vectors;         ///< what the board itself did, as the three before
  Number device_bit_exact;
  Number device_max_difference;
  Number device_runs;  ///< single inferences counted by the board's own cycle counter
  Number device_cycles_min;
  Number device_cycles_median;
  Number device_cycles_max;
  Number device_counter_mhz;        ///< of that counter, by the board's micros()
  Number device_instruction_cache;  ///< 1 on, 0 off
};

/// What was measured of one variant.
struct Row {
  std::string name;
  std::vector<std::string> passes;
  std::vector<std::string> encodings;  ///< of each layer, as mcu::encode chose them
  std::string note;        ///< empty, or what the reader must know, such as why numbers are missing
  std::string model_hash;  ///< of the encoded model that was measured, as the board says it
  Number parameters;       ///< weights and biases
  Number nonzero;          ///< of them not 0
  Number macs;             ///< multiply-accumulates of one inference
  Number weights_bytes;    ///< the encoded parameters
  Scores accuracy;         ///< on the test set
  Number host_ns_median;
  Number host_ns_cv;                                    ///< standard deviation over mean
  Number compress_seconds;                              ///< all passes together
  std::map<std::string, BoardRow, std::less<>> boards;  ///< by their names

  /// Of one metric.
  Number score(std::string_view metric) const;
};

/// One number of a variant: its place in results.json, and its column where the table has one.
struct Column {
  std::string pointer;  ///< JSON pointer in a variant of results.json
  std::string header;   ///< title in the table, and name for --sort; empty for results.json alone
  Style style = Style::count;
  bool compared = false;  ///< variants are compared with the first one by it: one for each task
  Number Row::*of_model = nullptr;       ///< either this,
  Number BoardRow::*of_board = nullptr;  ///< or this of `board`,
  std::string board = {};
  std::string metric = {};  ///< or the score by this

  /// Empty of a row that does not have the board.
  Number of(const Row& row) const;
  void set(Row& row, Number number) const;
};

/// The boards that any of `rows` has, in the order of the registry.
std::vector<const mcu::Board*> boards_of(std::span<const Row> rows);

/// The columns of the model and of `boards`: the only list of either. Titles name the board where
/// there are several.
std::vector<Column> columns(std::span<const mcu::Board* const> boards);

/// Those of the boards that `rows` have.
std::vector<Column> columns(std::span<const Row> rows);

/// What of `row` is more than a budget or a board allows, of each board where there are several;
/// empty if nothing is.
std::string excess(const Row& row);

/// The numbers of a row, each in its column's place.
nlohmann::json numbers_to_json(const Row& row);

/// A variant of results.json, and back; reading throws std::invalid_argument, saying what is
/// missing.
nlohmann::json to_json(const Row& row);
Row row_from_json(const nlohmann::json& json);

}  // namespace pare::bench
