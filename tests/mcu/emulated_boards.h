#pragma once

#include <doctest/doctest.h>

#include <stdexcept>
#include <vector>

#include "mcu/boards/board.h"
#include "mcu/emulator/image.h"

namespace pare::tests {

/// The boards that run here without hardware; says which do not, and why.
inline std::vector<const mcu::Board*> emulated_boards() {
  std::vector<const mcu::Board*> result;
  for (const mcu::Board* board : mcu::boards()) {
    if (board->emulator == nullptr) continue;
    try {
      mcu::require_tools(*board);
      result.push_back(board);
    } catch (const std::runtime_error& error) {
      MESSAGE("skipped on " << std::string(board->name) << ": " << error.what());
    }
  }
  return result;
}

}  // namespace pare::tests
