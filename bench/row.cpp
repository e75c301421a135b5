#include "bench/row.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "nn/json_text.h"

namespace pare::bench {

using Json = nlohmann::json;

namespace {

struct ModelColumn {
  const char* pointer;
  const char* header;
  Number Row::*value;
  Style style;
};

/// Of each board; `pointer` follows the board's place. A title that begins with '@' has the core's
/// name in its place where there is one board, the board's where there are several.
struct BoardColumn {
  const char* pointer;
  const char* header;
  Number BoardRow::*value;
  Style style;
};

constexpr std::array kModelSizes{
    ModelColumn{"/parameters", "params", &Row::parameters, Style::count},
    ModelColumn{"/nonzero", "nonzero", &Row::nonzero, Style::count},
    ModelColumn{"/macs", "", &Row::macs, Style::count},
    ModelColumn{"/weights_bytes", "weights B", &Row::weights_bytes, Style::count},
};

constexpr std::array kBoardSizes{
    BoardColumn{"/flash_bytes", "flash B", &BoardRow::flash_bytes, Style::count},
    BoardColumn{"/ram_bytes", "RAM B", &BoardRow::ram_bytes, Style::count},
    BoardColumn{"/stack_bytes", "stack B", &BoardRow::stack_bytes, Style::count},
};

constexpr std::array kModelTimes{
    ModelColumn{"/latency/host_ns_median", "host ns", &Row::host_ns_median, Style::fixed1},
    ModelColumn{"/latency/host_ns_cv", "cv", &Row::host_ns_cv, Style::fixed3},
    ModelColumn{"/compress_seconds", "", &Row::compress_seconds, Style::scientific},
};

constexpr std::array kBoardRuns{
    BoardColumn{"/instructions", "@ instr", &BoardRow::instructions, Style::count},
    BoardColumn{"/cycles_estimate", "", &BoardRow::cycles_estimate, Style::count},
    BoardColumn{"/flash_cycles_estimate", "@ cycles est.", &BoardRow::flash_cycles_estimate,
                Style::count},
    BoardColumn{"/us_estimate", "us est.", &BoardRow::us_estimate, Style::fixed1},
    BoardColumn{"/validated/vectors", "vectors", &BoardRow::vectors, Style::count},
    BoardColumn{"/validated/bit_exact", "bit-exact", &BoardRow::bit_exact, Style::count},
    BoardColumn{"/validated/max_difference", "max diff", &BoardRow::max_difference,
                Style::scientific},
    BoardColumn{"/device/vectors", "", &BoardRow::device_vectors, Style::count},
    BoardColumn{"/device/bit_exact", "device exact", &BoardRow::device_bit_exact, Style::count},
    BoardColumn{"/device/max_difference", "", &BoardRow::device_max_difference, Style::scientific},
    BoardColumn{"/device/cycles/runs", "", &BoardRow::device_runs, Style::count},
    BoardColumn{"/device/cycles/min", "", &BoardRow::device_cycles_min, Style::count},
    BoardColumn{"/device/cycles/median", "device cycles", &BoardRow::device_cycles_median,
                Style::count},
    BoardColumn{"/device/cycles/max", "", &BoardRow::device_cycles_max, Style::count},
    BoardColumn{"/device/cycles/counter_mhz", "", &BoardRow::device_counter_mhz, Style::fixed3},
    BoardColumn{"/device/instruction_cache", "", &BoardRow::device_instruction_cache, Style::count},
};

std::string title(std::string_view header, const mcu::Board& board, bool several) {
  if (header.empty()) return {};
  const bool cores = header.front() == '@';
  if (several) return fmt::format("{} {}", board.name, cores ? header.substr(2) : header);
  return cores ? fmt::format("{}{}", board.short_core, header.substr(1)) : std::string(header);
}

}  // namespace

Number Row::score(std::string_view metric) const {
  const auto found = accuracy.find(metric);
  return found == accuracy.end() ? Number() : Number(found->second);
}

Number Column::of(const Row& row) const {
  if (!metric.empty()) return row.score(metric);
  if (of_model != nullptr) return row.*of_model;
  const auto found = row.boards.find(board);
  return found == row.boards.end() ? Number() : found->second.*of_board;
}

void Column::set(Row& row, Number number) const {
  if (!metric.empty()) {
    row.accuracy.erase(metric);
    if (number) row.accuracy[metric] = *number;
  } else if (of_model != nullptr) {
    row.*of_model = number;
  } else {
    row.boards[board].*of_board = number;
  }
}

std::vector<const mcu::Board*> boards_of(std::span<const Row> rows) {
  std::vector<const mcu::Board*> result;
  for (const mcu::Board* board : mcu::boards()) {
    const auto has = [&](const Row& row) { return row.boards.contains(board->name); };
    if (std::any_of(rows.begin(), rows.end(), has)) result.push_back(board);
  }
  return result;
}

std::vector<Column> columns(std::span<const mcu::Board* const> boards) {
  std::vector<Column> result;
  const auto add_model = [&](std::span<const ModelColumn> of_model) {
    for (const ModelColumn& column : of_model) {
      result.push_back({column.pointer, column.header, column.style, false, column.value});
    }
  };
  const auto add_boards = [&](std::span<const BoardColumn> of_board) {
    for (const BoardColumn& column : of_board) {
      for (const mcu::Board* board : boards) {
        result.push_back({fmt::format("/boards/{}{}", board->name, column.pointer),
                          title(column.header, *board, boards.size() > 1), column.style, false,
                          nullptr, column.value, std::string(board->name)});
      }
    }
  };
  add_model(kModelSizes);
  add_boards(kBoardSizes);
  for (const Metric* metric : metrics()) {
    result.push_back({.pointer = fmt::format("/accuracy/{}", metric->name),
                      .header = std::string(metric->title),
                      .style = metric->style,
                      .compared = metric->compared,
                      .metric = std::string(metric->name)});
  }
  add_model(kModelTimes);
  add_boards(kBoardRuns);
  return result;
}

std::vector<Column> columns(std::span<const Row> rows) { return columns(boards_of(rows)); }

std::string excess(const Row& row) {
  std::string text;
  for (const mcu::Board* board : boards_of({&row, 1})) {
    const std::string& of_board = row.boards.find(board->name)->second.excess;
    if (of_board.empty()) continue;
    if (row.boards.size() == 1) return of_board;
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", board->name, of_board);
  }
  return text;
}

namespace {

/// Above this not every whole number is a double.
constexpr double kMostCount = 9007199254740992;  // 2^53

/// What `json` has at `pointer`, as a T. Throws std::invalid_argument if it has no such thing.
template <class T>
T value_at(const Json& json, const std::string& pointer) {
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
std::string text_at(const Json& json, const std::string& pointer) {
  return value_at<Json>(json, pointer).is_null() ? "" : value_at<std::string>(json, pointer);
}

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace

Json numbers_to_json(const Row& row) {
  Json json;
  for (const Column& column : columns({&row, 1})) {
    const Number number = column.of(row);
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
  json["note"] = or_null(row.note);
  json["model_hash"] = or_null(row.model_hash);
  for (const auto& [board, figures] : row.boards) {
    json["boards"][board]["over_budget"] = or_null(figures.excess);
  }
  return json;
}

Row row_from_json(const Json& json) {
  Row row;
  row.name = value_at<std::string>(json, "/name");
  row.passes = value_at<std::vector<std::string>>(json, "/passes");
  row.encodings = value_at<std::vector<std::string>>(json, "/encodings");
  row.note = text_at(json, "/note");
  row.model_hash = text_at(json, "/model_hash");
  for (const mcu::Board* board : mcu::boards()) {
    const std::string pointer = fmt::format("/boards/{}", board->name);
    if (!json.contains(Json::json_pointer(pointer))) continue;
    row.boards[std::string(board->name)].excess = text_at(json, pointer + "/over_budget");
  }
  for (const Column& column : columns({&row, 1})) {
    // Results of a version that did not have this metric yet are results all the same.
    const bool unknown =
        !column.metric.empty() && !json.contains(Json::json_pointer(column.pointer));
    if (unknown || value_at<Json>(json, column.pointer).is_null()) continue;
    column.set(row, value_at<double>(json, column.pointer));
  }
  return row;
}

}  // namespace pare::bench
