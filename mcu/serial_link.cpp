#include "mcu/serial_link.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace pare::mcu {
namespace {

/// Far longer than any reply: the raw outputs of 65,535 float32 values.
constexpr std::size_t kLongestLine = 1 << 20;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error("the serial line to the board broke: " + what);
}

/// A port whose board was unplugged or restarted fails with one of these, or ends.
std::string explain(int error) {
  return error == EIO || error == ENXIO || error == ENODEV
             ? "the board was unplugged, or it restarted; './pare boards' shows whether it is back"
             : std::strerror(error);
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

bool is_socket(int descriptor) {
  struct stat status = {};
  return ::fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}

}  // namespace

SerialLink::SerialLink(FileDescriptor descriptor)
    : descriptor_(std::move(descriptor)), is_socket_(is_socket(descriptor_.get())) {
  const int flags = ::fcntl(descriptor_.get(), F_GETFL);
  if (flags < 0 || ::fcntl(descriptor_.get(), F_SETFL, flags | O_NONBLOCK) < 0) {
    fail(explain(errno));
  }
}

void SerialLink::write(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    // A socket that the other side has closed would raise SIGPIPE in write().
    const ssize_t count = is_socket_
                              ? ::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL)
                              : ::write(descriptor_.get(), bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (!would_block(errno)) {
      fail(explain(errno));
    } else if (!wait_until(POLLOUT, deadline)) {
      fail("it takes no more bytes; the board does not read them");
    }
  }
}

std::optional<std::string> SerialLink::read_line(Deadline deadline) {
  for (;;) {
    const std::size_t end = received_.find('\n', searched_);
    if (end != std::string::npos) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      searched_ = 0;
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    searched_ = received_.size();
    if (searched_ > kLongestLine) fail("it sends a line without an end");
    const bool late = std::chrono::steady_clock::now() >= deadline;
    if (!receive() && (late || !wait_until(POLLIN, deadline))) return std::nullopt;
  }
}

/// Takes what has come; false when there is nothing yet.
bool SerialLink::receive() {
  std::array<char, 4096> buffer;
  const ssize_t count = ::read(descriptor_.get(), buffer.data(), buffer.size());
  if (count < 0 && would_block(errno)) return false;
  if (count < 0) fail(explain(errno));
  if (count == 0) fail(is_socket_ ? "the other side closed it" : explain(EIO));
  received_.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

bool SerialLink::wait_until(short event, Deadline deadline) const {
  using std::chrono::milliseconds;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    struct pollfd waited = {descriptor_.get(), event, 0};
    const auto wait_ms = std::clamp<milliseconds::rep>(left.count(), 0, 1000);
    const int ready = ::poll(&waited, 1, static_cast<int>(wait_ms));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) fail(explain(errno));
    if (left.count() <= 0) return false;
  }
}

}  // namespace pare::mcu
