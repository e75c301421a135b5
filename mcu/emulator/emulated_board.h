#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "mcu/board_client.h"
#include "mcu/emulator/image.h"
#include "mcu/emulator/timing/cycle_model.h"
#include "mcu/file_descriptor.h"
#include "mcu/process.h"
#include "mcu/temporary_folder.h"

namespace pare::mcu {

/// What one instruction of pare_infer() cost in a call: itself, as often as it ran, and all of what
/// it called.
struct SiteTiming {
  std::uint32_t address = 0;
  Timing timing;
};

/// What one call of pare_infer() cost, and where.
struct CallTiming {
  Timing total;
  std::vector<SiteTiming> sites;  ///< those that ran; their sum is the total
};

/// A running board in its emulator.
class EmulatedBoard {
 public:
  struct Options {
    /// QEMU's, a shared object; or empty to measure nothing. An emulator that counts by itself
    /// looks only whether it is empty.
    std::filesystem::path timing_plugin;
    std::chrono::milliseconds time_out = std::chrono::seconds(10);  // of every reply
    /// Given the host's end of the line, what the client is to speak through; empty: that end.
    std::function<FileDescriptor(FileDescriptor)> line = {};
  };

  /// Boots `image` and waits until it answers. The board ends with the thread that started it.
  /// Throws std::runtime_error when the emulator is missing or cannot start, or the image does not
  /// answer.
  explicit EmulatedBoard(const Image& image);
  EmulatedBoard(const Image& image, const Options& options);

  /// The board's serial port. Throws std::logic_error after stop().
  BoardClient& client();

  /// Switches the board off. What each call of pare_infer() cost, in order; empty without a plugin.
  /// Throws std::runtime_error when the board does not stop, or the plugin wrote something else.
  std::vector<Timing> stop();

  /// The same, with where in pare_infer() it went.
  std::vector<CallTiming> stop_by_site();

 private:
  TemporaryFolder folder_;  // QEMU's messages and the plugin's figures
  bool timed_;
  std::optional<ChildProcess> emulator_;
  std::optional<BoardClient> client_;
};

}  // namespace pare::mcu
