#include "mcu/emulator/emulated_board.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>

#include "mcu/file_descriptor.h"

namespace pare::mcu {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kTimeToSwitchOff(10);

/// The emulator's line buffers whatever is sent ahead.
constexpr std::size_t kOutstandingBytes = 4096;

struct Line {
  FileDescriptor host;
  FileDescriptor board;
};

Line make_line() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    throw std::runtime_error(fmt::format("cannot make a socket: {}", std::strerror(errno)));
  }
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

FileDescriptor create_file(const fs::path& path) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (file.get() < 0) {
    throw std::runtime_error(
        fmt::format("cannot write {}: {}", path.string(), std::strerror(errno)));
  }
  return file;
}

std::istream& operator>>(std::istream& stream, Timing& timing) {
  return stream >> timing.instructions >> timing.cycles >> timing.flash_data_words;
}

/// As CallTimer::write in timing_plugin.cpp writes them.
std::vector<CallTiming> read_timings(const fs::path& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("the timing plugin has written nothing");
  std::vector<CallTiming> calls;
  CallTiming call;
  std::size_t sites = 0;
  while (file >> call.total >> sites) {
    for (SiteTiming site; call.sites.size() < sites && file >> site.address >> site.timing;) {
      call.sites.push_back(site);
    }
    if (call.sites.size() < sites) break;
    calls.push_back(std::exchange(call, {}));
  }
  if (!file.eof() || !call.sites.empty()) {
    throw std::runtime_error(
        fmt::format("what the timing plugin wrote of call {} is damaged", calls.size() + 1));
  }
  return calls;
}

constexpr const char* kErrors = "errors";

std::string read_text(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

EmulatedBoard::EmulatedBoard(const Image& image) : EmulatedBoard(image, Options()) {}

EmulatedBoard::EmulatedBoard(const Image& image, const Options& options)
    : timed_(!options.timing_plugin.empty()) {
  Line line = make_line();
  const fs::path errors = folder_.path() / kErrors;
  const FileDescriptor error_file = create_file(errors);
  emulator_.emplace(
      image.board->emulator->command(image, options.timing_plugin,
                                     timed_ ? folder_.path() / "timings" : fs::path()),
      Streams{.input = line.board.get(), .output = line.board.get(), .error = error_file.get()});
  line.board.reset();
  if (options.line) line.host = options.line(std::move(line.host));
  try {
    // What is emulated more slowly than the board itself would compute may take longer, too.
    const double slowness =
        1e6 * image.board->clock_mhz / image.board->emulator->instructions_per_second;
    client_.emplace(SerialLink(std::move(line.host)),
                    slowness > 1 ? options.time_out * static_cast<int>(slowness) : options.time_out,
                    kOutstandingBytes);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{} does not start on the emulated {}: {}\n{}",
                                         image.elf.string(), image.board->title, error.what(),
                                         read_text(errors)));
  }
}

BoardClient& EmulatedBoard::client() {
  if (!client_) throw std::logic_error("the emulated board was stopped");
  return *client_;
}

std::vector<Timing> EmulatedBoard::stop() {
  std::vector<Timing> totals;
  for (const CallTiming& call : stop_by_site()) totals.push_back(call.total);
  return totals;
}

/// The board ends by itself once its serial line is closed, and the plugin then finishes its file.
std::vector<CallTiming> EmulatedBoard::stop_by_site() {
  client_.reset();
  const std::optional<int> exit_code = emulator_->wait_for(kTimeToSwitchOff);
  if (!exit_code) throw std::runtime_error("the emulated board does not stop");
  if (*exit_code != 0) {
    throw std::runtime_error(fmt::format("the emulated board stopped with exit code {}: {}",
                                         *exit_code, read_text(folder_.path() / kErrors)));
  }
  return timed_ ? read_timings(folder_.path() / "timings") : std::vector<CallTiming>();
}

}  // namespace pare::mcu
