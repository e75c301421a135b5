#include "bench/row.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "nn/json_text.h"

namespace pare::bench {

using Json = nlohmann::json;

std::span<const Column> columns() {
  static constexpr std::array kColumns{
      Column{"/parameters", "params", &Row::parameters, Style::count},
      Column{"/nonzero", "nonzero", &Row::nonzero, Style::count},
      Column{"/macs", nullptr, &Row::macs, Style::count},
      Column{"/weights_bytes", "weights B", &Row::weights_bytes, Style::count},
      Column{"/flash_bytes", "flash B", &Row::flash_bytes, Style::count},
      Column{"/ram_bytes", "RAM B", &Row::ram_bytes, Style::count},
      Column{"/stack_bytes", "stack B", &Row::stack_bytes, Style::count},
      Column{"/accuracy/mse", "MSE", &Row::mse, Style::scientific, true},
      Column{"/accuracy/mae", "MAE", &Row::mae, Style::scientific},
      Column{"/accuracy/max_error", "max error", &Row::max_error, Style::scientific},
      Column{"/accuracy/top1", "top-1 %", &Row::top1, Style::fixed2, true},
      Column{"/latency/host_ns_median", "host ns", &Row::host_ns_median, Style::fixed1},
      Column{"/latency/host_ns_cv", "cv", &Row::host_ns_cv, Style::fixed3},
      Column{"/cortex_m4/instructions", "M4 instr", &Row::instructions, Style::count},
      Column{"/cortex_m4/cycles_estimate", nullptr, &Row::cycles_estimate, Style::count},
      Column{"/cortex_m4/flash_cycles_estimate", "M4 cycles est.", &Row::flash_cycles_estimate,
             Style::count},
      Column{"/cortex_m4/us_at_64mhz_estimate", "us est.", &Row::us_at_64mhz_estimate,
             Style::fixed1},
      Column{"/compress_seconds", nullptr, &Row::compress_seconds, Style::scientific},
      Column{"/validated/vectors", "vectors", &Row::vectors, Style::count},
      Column{"/validated/bit_exact", "bit-exact", &Row::bit_exact, Style::count},
      Column{"/validated/max_difference", "max diff", &Row::max_difference, Style::scientific},
      Column{"/boards/nano33ble/vectors", nullptr, &Row::nano_vectors, Style::count},
      Column{"/boards/nano33ble/bit_exact", "Nano exact", &Row::nano_bit_exact, Style::count},
      Column{"/boards/nano33ble/max_difference", nullptr, &Row::nano_max_difference,
             Style::scientific},
      Column{"/boards/nano33ble/cycles/runs", nullptr, &Row::nano_runs, Style::count},
      Column{"/boards/nano33ble/cycles/min", nullptr, &Row::nano_cycles_min, Style::count},
      Column{"/boards/nano33ble/cycles/median", "Nano cycles", &Row::nano_cycles_median,
             Style::count},
      Column{"/boards/nano33ble/cycles/max", nullptr, &Row::nano_cycles_max, Style::count},
      Column{"/boards/nano33ble/cycles/counter_mhz", nullptr, &Row::nano_counter_mhz,
             Style::fixed3},
      Column{"/boards/nano33ble/instruction_cache", nullptr, &Row::nano_instruction_cache,
             Style::count},
  };
  return kColumns;
}

namespace {

/// Above this not every whole number is a double.
constexpr double kMostCount = 9007199254740992;  // 2^53

/// What `json` has at `pointer`, as a T. Throws std::invalid_argument if it has no such thing.
template <class T>
T value_at(const Json& json, const char* pointer) {
  const Json::json_pointer place(pointer);
  if (!json.is_object() || !json.contains(place)) {
    throw std::invalid_argument(fmt::format("not the results of a variant: it has no {}", pointer));
  }
  try {
    return json.at(place).get<T>();
  } catch (const Json::exception&) {
    throw std::invalid_argument(fmt::format("not the results of a variant: its {} is {}", pointer,
                                            nn::json_text(json.at(place))));
  }
}

/// The same; empty where it is null.
std::string text_at(const Json& json, const char* pointer) {
  return value_at<Json>(json, pointer).is_null() ? "" : value_at<std::string>(json, pointer);
}

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace

Json numbers_to_json(const Row& row) {
  Json json;
  for (const Column& column : columns()) {
    const Row::Number& number = row.*column.value;
    Json& place = json[Json::json_pointer(column.pointer)];
    if (!number) {
      place = nullptr;
    } else if (column.style == Style::count && *number == std::floor(*number) &&
               std::abs(*number) <= kMostCount) {
      place = static_cast<std::int64_t>(*number);
    } else {
      place = *number;
    }
  }
  return json;
}

Json to_json(const Row& row) {
  Json json = numbers_to_json(row);
  json["name"] = row.name;
  json["passes"] = row.passes;
  json["encodings"] = row.encodings;
  json["over_budget"] = or_null(row.excess);
  json["note"] = or_null(row.note);
  json["model_hash"] = or_null(row.model_hash);
  json["validated"]["board"] = or_null(row.board);
  return json;
}

Row row_from_json(const Json& json) {
  Row row;
  row.name = value_at<std::string>(json, "/name");
  row.passes = value_at<std::vector<std::string>>(json, "/passes");
  row.encodings = value_at<std::vector<std::string>>(json, "/encodings");
  row.excess = text_at(json, "/over_budget");
  row.note = text_at(json, "/note");
  row.model_hash = text_at(json, "/model_hash");
  row.board = text_at(json, "/validated/board");
  for (const Column& column : columns()) {
    if (value_at<Json>(json, column.pointer).is_null()) continue;
    row.*column.value = value_at<double>(json, column.pointer);
  }
  return row;
}

}  // namespace pare::bench
