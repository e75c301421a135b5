#pragma once

#include <chrono>
#include <filesystem>

#include "mcu/board_client.h"
#include "mcu/boards/board.h"
#include "mcu/usb_ports.h"

namespace pare::mcu {

/// Where boards are looked for, and how long for one that is to come back.
struct BoardSearch {
  std::filesystem::path wanted_port = {};  // empty: the one such board that is connected
  std::filesystem::path root = "/";        // where sys/ and dev/ are
  std::chrono::milliseconds patience = std::chrono::seconds(10);
};

/// Compiles `sketch_folder` with arduino-cli in `build_folder`, uploads it to a board, and waits
/// until the board is back, which may be late and under another port. Gives the client of the
/// board, whose sketch has answered. Throws std::runtime_error that says what to do when
/// arduino-cli, its core or the board is missing, when either step fails, and when the board does
/// not come back.
BoardClient upload_sketch(const Board& board, const std::filesystem::path& sketch_folder,
                          const std::filesystem::path& build_folder,
                          const BoardSearch& search = {});

/// The client of a board that runs a sketch. Throws std::runtime_error that says what to do when
/// there is none, or it cannot be opened or does not answer.
BoardClient connect_board(const Board& board, const BoardSearch& search = {});

}  // namespace pare::mcu
