#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>

#include "mcu/boards/board.h"
#include "nn/nearest_name.h"

namespace pare::mcu {

extern const Board kNano33Ble;
extern const Board kPico;
extern const Board kEsp32C3;
extern const Board kEsp32;

std::span<const Board* const> boards() {
  static const Board* const kBoards[] = {&kNano33Ble, &kPico, &kEsp32C3, &kEsp32};
  return kBoards;
}

const Board& board_named(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Board* board : boards()) {
    if (board->name == name) return *board;
    known.push_back(board->name);
  }
  throw std::invalid_argument(fmt::format("there is no board '{}'; there are: {}{}", name,
                                          fmt::join(known, ", "), nn::did_you_mean(name, known)));
}

const Board& nano33ble() { return kNano33Ble; }

}  // namespace pare::mcu
