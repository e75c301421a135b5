#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pare::bench {

/// What was measured of one variant. A number that was not measured is empty: null in JSON, "-" in
/// the table.
struct Row {
  using Number = std::optional<double>;

  std::string name;
  std::vector<std::string> passes;
  std::vector<std::string> encodings;  ///< of each layer, as mcu::encode chose them
  std::string excess;      ///< empty, or what is more than the budget or the board allows
  std::string note;        ///< empty, or what the reader must know, such as why numbers are missing
  std::string model_hash;  ///< of the encoded model that was measured, as the board says it
  Number parameters;       ///< weights and biases
  Number nonzero;          ///< of them not 0
  Number macs;             ///< multiply-accumulates of one inference
  Number weights_bytes;    ///< the encoded parameters
  Number flash_bytes;      ///< linked image with this model minus the same image with none
  Number ram_bytes;    ///< static data of the linked model: hidden activations, and the sketch's
                       ///< buffers of its inputs and outputs
  Number stack_bytes;  ///< deepest stack of one inference
  Number mse;          ///< on the test set, as are the other three
  Number mae;
  Number max_error;
  Number top1;  ///< percent
  Number host_ns_median;
  Number host_ns_cv;       ///< standard deviation over mean
  Number instructions;     ///< of one inference on the emulated board, the most among its vectors
  Number cycles_estimate;  ///< zero wait states
  Number flash_cycles_estimate;  ///< with the estimated charge for data reads from flash
  Number us_at_64mhz_estimate;   ///< of flash_cycles_estimate
  Number compress_seconds;       ///< all passes together
  std::string board;             ///< where it was validated
  Number vectors;
  Number bit_exact;       ///< of an int8 model
  Number max_difference;  ///< from the reference, as Agreement has it
  Number nano_vectors;    ///< what a real Nano 33 BLE did, as the three before
  Number nano_bit_exact;
  Number nano_max_difference;
  Number nano_runs;  ///< single inferences counted by the Nano's own cycle counter
  Number nano_cycles_min;
  Number nano_cycles_median;
  Number nano_cycles_max;
  Number nano_counter_mhz;        ///< of that counter, by the Nano's micros()
  Number nano_instruction_cache;  ///< 1 on, 0 off
};

/// How a column writes its numbers.
enum class Style : std::uint8_t { count, fixed1, fixed2, fixed3, scientific };

/// One number of a variant: its place in results.json, and its column where the table has one. The
/// only list of either.
struct Column {
  const char* pointer;  ///< JSON pointer in a variant of results.json
  const char* header;   ///< title in the table, and name for --sort; null for results.json alone
  Row::Number Row::*value;
  Style style;
  bool compared = false;  ///< variants are compared with the first one by it: one for each task
};

std::span<const Column> columns();

/// The numbers of a row, each in its column's place.
nlohmann::json numbers_to_json(const Row& row);

/// A variant of results.json, and back; reading throws std::invalid_argument, saying what is
/// missing.
nlohmann::json to_json(const Row& row);
Row row_from_json(const nlohmann::json& json);

}  // namespace pare::bench
