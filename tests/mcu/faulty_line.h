#pragma once

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "mcu/file_descriptor.h"

namespace pare::tests {

/// A pseudo-terminal with a board behind it. Whatever goes through, byte by byte, may be changed,
/// and the port may vanish.
class FaultyLine {
 public:
  /// What becomes of one byte: the bytes that go on in its place.
  using Fault = std::function<std::string(char byte)>;

  explicit FaultyLine(mcu::FileDescriptor board) : board_(std::move(board)) {
    port_ = mcu::FileDescriptor(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (port_.get() < 0 || ::grantpt(port_.get()) != 0 || ::unlockpt(port_.get()) != 0) {
      throw std::runtime_error("no pseudo-terminal");
    }
    path_ = ::ptsname(port_.get());
    thread_ = std::thread([this] { run(); });
  }
  ~FaultyLine() {
    done_ = true;
    thread_.join();
  }
  FaultyLine(const FaultyLine&) = delete;
  FaultyLine& operator=(const FaultyLine&) = delete;

  /// The port that a host opens.
  const std::filesystem::path& path() const { return path_; }

  /// From here on, `to_board` and `to_host` decide over every byte; empty ones let all pass.
  void set_faults(Fault to_board, Fault to_host) {
    const std::lock_guard lock(mutex_);
    to_board_ = std::move(to_board);
    to_host_ = std::move(to_host);
  }

  /// Pulls the plug; also from within a fault.
  void vanish() { vanished_ = true; }

 private:
  void run() {
    while (!done_) {
      if (vanished_) port_.reset();
      struct pollfd ends[2] = {{port_.get(), POLLIN, 0}, {board_.get(), POLLIN, 0}};
      ::poll(ends, 2, 5);
      // A port that nobody has open is one whose hang-up never ends.
      if ((ends[0].revents & POLLIN) == 0 && ends[0].revents != 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      if ((ends[0].revents & POLLIN) != 0) pass(port_, board_, to_board_);
      if ((ends[1].revents & POLLIN) != 0) pass(board_, port_, to_host_);
    }
  }

  void pass(const mcu::FileDescriptor& from, const mcu::FileDescriptor& to, const Fault& fault) {
    char buffer[256];
    const ssize_t count = ::read(from.get(), buffer, sizeof(buffer));
    for (ssize_t i = 0; i < count; ++i) {
      std::string passed(1, buffer[i]);
      {
        const std::lock_guard lock(mutex_);
        if (fault) passed = fault(buffer[i]);
      }
      if (vanished_) return;
      if (::write(to.get(), passed.data(), passed.size()) < 0) return;
    }
  }

  mcu::FileDescriptor board_;
  mcu::FileDescriptor port_;
  std::filesystem::path path_;
  std::mutex mutex_;
  Fault to_board_;
  Fault to_host_;
  std::atomic<bool> done_ = false;
  std::atomic<bool> vanished_ = false;
  std::thread thread_;
};

}  // namespace pare::tests
