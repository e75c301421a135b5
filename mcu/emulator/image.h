#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "mcu/boards/board.h"

namespace pare::mcu {

/// A sketch, linked for an emulated board.
struct Image {
  std::filesystem::path elf;
  const Board* board = nullptr;
  long flash_bytes = 0;             // code, constants and initial values of the application
  long ram_bytes = 0;               // static data, without the stack
  long buffer_bytes = 0;            // of ram_bytes: the model's inputs and outputs
  std::uint32_t infer_address = 0;  // of pare_infer()
  std::uint32_t infer_bytes = 0;    // of its code
};

/// A sketch whose code, constants or static data exceed what the Arduino core leaves of a board's
/// memory.
class DoesNotFit : public std::runtime_error {
 public:
  /// `excess` is what is needed, and what there is: "flash 900000 > 888340".
  DoesNotFit(const Board& board, const std::string& excess)
      : runtime_error("it does not fit what the Arduino core leaves of the " +
                      std::string(board.title) + ": " + excess + " bytes"),
        excess_(excess) {}

  const std::string& excess() const { return excess_; }

 private:
  std::string excess_;
};

/// Compiles the one .ino of `sketch_folder` and links it in `build_folder` with the start-up code
/// of an emulated board, which is compiled once; threads may share a folder. `optimization` takes
/// the place of the core's own -Os; `more` goes to the compiler as it is, such as folders to
/// include from and objects to link. Throws DoesNotFit with the linker's figures when the sketch
/// exceeds the board's memory, and std::runtime_error with the compiler's own words when it does
/// not compile, or when the compiler is missing.
Image build_image(const std::filesystem::path& sketch_folder,
                  const std::filesystem::path& build_folder,
                  const std::string& optimization = "-Os",
                  const std::vector<std::string>& more = {}, const Board& board = nano33ble());

/// Throws std::runtime_error that says what to install if `board` cannot be built and run here.
void require_tools(const Board& board);

/// Compiles a C file, such as a library's, into an object that build_image can link for the Nano 33
/// BLE. Throws std::runtime_error with the compiler's own words when that fails.
void compile_c(const std::filesystem::path& source, const std::filesystem::path& object,
               const std::string& optimization, const std::vector<std::string>& more);

}  // namespace pare::mcu
