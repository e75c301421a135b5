#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "mcu/file_descriptor.h"

namespace pare::mcu {

/// A line of text to and from a board: an open socket, pseudo-terminal or serial port.
class SerialLink {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  /// Takes over `descriptor` and makes it non-blocking. A serial port has to be in raw mode.
  explicit SerialLink(FileDescriptor descriptor);

  /// Throws std::runtime_error when the other side has gone, or takes no more bytes until
  /// `deadline`.
  void write(std::string_view bytes, Deadline deadline);

  /// The next line without its "\r\n" or "\n"; nothing when no whole line has come by `deadline`.
  /// Throws std::runtime_error when the other side has gone.
  std::optional<std::string> read_line(Deadline deadline);

 private:
  bool wait_until(short event, Deadline deadline) const;
  bool receive();

  FileDescriptor descriptor_;
  bool is_socket_;
  std::string received_;
  std::size_t searched_ = 0;  // the first bytes of received_, which hold no line end
};

}  // namespace pare::mcu
