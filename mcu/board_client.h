#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mcu/serial_link.h"

namespace pare::mcu {

/// What a board says of the model that it runs.
struct BoardInfo {
  std::string name;
  int kernel_version = 0;
  std::uint32_t hash = 0;  // CRC-32 of the parameters, computed on the board over its flash
  std::string type;        // "int8" or "float32"
  int inputs = 0;
  int outputs = 0;
  bool instruction_cache = false;  // on
};

struct SelfTest {
  int passed = 0;
  int total = 0;
};

/// Speaks the sketch's serial protocol. Every function throws std::runtime_error when the board
/// reports an error, when the line breaks, when a command or a reply was damaged on it, and when a
/// reply takes longer than the time-out. Source: MLPerf Tiny, benchmark/api and benchmark/runner of
/// github.com/mlcommons/tiny.
class BoardClient {
 public:
  /// What a USB port bears without losing bytes: one bulk packet.
  static constexpr std::size_t kUsbOutstandingBytes = 64;

  /// Waits until the board says its name, past whatever earlier talk is still on the line. Commands
  /// are sent ahead of their replies as long as at most `max_outstanding_bytes` of them are
  /// unanswered.
  explicit BoardClient(SerialLink link,
                       std::chrono::milliseconds time_out = std::chrono::milliseconds(2000),
                       std::size_t max_outstanding_bytes = kUsbOutstandingBytes);

  BoardInfo info();

  /// The raw output bytes for the raw input bytes: int8 values, or little-endian float32.
  std::vector<std::uint8_t> infer(std::span<const std::uint8_t> input_bytes);

  /// Stack that one inference uses at its deepest; 4096 means that or more.
  std::uint32_t stack_bytes();

  /// Cycles of the last infer(); nothing before the first, or when the counter does not move.
  std::optional<std::uint32_t> cycles() const { return cycles_; }

  /// How fast the cycle counter runs by the board's micros(), in MHz; 0 when it does not move.
  double counter_mhz();

  SelfTest selftest();

  /// Any command, without its '%'; its reply's lines without the last, "m-ready".
  std::vector<std::string> command(std::string_view text);

 private:
  using Lines = std::vector<std::string>;

  void greet();
  std::vector<Lines> exchange(const std::vector<std::string>& commands);
  Lines read_reply(const std::string& command);
  static void check_reply(const std::string& command, const Lines& lines);
  std::string read_line(const std::string& command, SerialLink::Deadline deadline);
  std::string query(const std::string& command, std::string_view prefix);
  SerialLink::Deadline next_deadline() const;

  SerialLink link_;
  std::chrono::milliseconds time_out_;
  std::size_t max_outstanding_bytes_;
  std::optional<std::uint32_t> cycles_;
};

}  // namespace pare::mcu
