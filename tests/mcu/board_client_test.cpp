#include "mcu/board_client.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "mcu/file_descriptor.h"
#include "mcu/kernel/crc32.h"

using namespace pare::mcu;
using namespace std::chrono_literals;

namespace {

/// Answers on one end of a socket pair: `answer` gives the bytes to send for each command.
class FakeBoard {
 public:
  using Answer = std::function<std::string(const std::string& command)>;

  explicit FakeBoard(Answer answer, std::string greeting = "", std::size_t piece_bytes = 1000)
      : answer_(std::move(answer)), greeting_(std::move(greeting)), piece_bytes_(piece_bytes) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    host_ = FileDescriptor(ends[0]);
    board_ = FileDescriptor(ends[1]);
    thread_ = std::thread([this] { run(); });
  }
  ~FakeBoard() {
    host_.reset();
    ::shutdown(board_.get(), SHUT_RDWR);
    thread_.join();
  }

  SerialLink link() { return SerialLink(std::move(host_)); }
  std::size_t most_unanswered_bytes() const { return most_unanswered_bytes_; }

 private:
  void run() {
    send(greeting_);
    std::string command;
    char buffer[4096];
    for (ssize_t count; (count = ::read(board_.get(), buffer, sizeof(buffer))) > 0;) {
      most_unanswered_bytes_ = std::max(most_unanswered_bytes_, static_cast<std::size_t>(count));
      for (const char character : std::string(buffer, static_cast<std::size_t>(count))) {
        if (character != '%') {
          command += character;
        } else {
          send(answer_(std::exchange(command, "")));
        }
      }
    }
  }

  void send(std::string bytes) {
    while (!bytes.empty()) {
      const std::size_t size = std::min(piece_bytes_, bytes.size());
      if (::send(board_.get(), bytes.data(), size, MSG_NOSIGNAL) < 0) return;
      bytes.erase(0, size);
      if (piece_bytes_ < 10) std::this_thread::sleep_for(200us);
    }
  }

  Answer answer_;
  std::string greeting_;
  std::size_t piece_bytes_;
  std::size_t most_unanswered_bytes_ = 0;
  FileDescriptor host_;
  FileDescriptor board_;
  std::thread thread_;
};

std::uint32_t sum_of(const std::string& bytes) {
  return pare::crc32(0, bytes.data(), static_cast<std::uint32_t>(bytes.size()));
}

/// A reply to one of our own commands: `lines` and their check.
std::string checked(const std::string& command, const std::string& lines) {
  return fmt::format("{}m-pare-check-[{:08x}]\r\nm-ready\r\n", lines, sum_of(command + lines));
}

/// A board that runs 2-output models on whatever it is sent, and gives 7f 80.
std::string good_answer(const std::string& command, const std::string& inputs = "\x01") {
  if (command == "name") return "m-name-dut-[fake]\r\nm-ready\r\n";
  if (command == "pare info") {
    return checked(command,
                   "m-pare-name-[fake]\r\nm-pare-kernel-[3]\r\nm-pare-hash-[00c0ffee]\r\n"
                   "m-pare-type-[int8]\r\nm-pare-inputs-[70]\r\nm-pare-outputs-[2]\r\n"
                   "m-pare-cache-[on]\r\n");
  }
  if (command == "pare infer") {
    return checked(command, fmt::format("m-pare-inputs-[{:08x}]\r\nm-pare-outputs-[7f80]\r\n"
                                        "m-pare-cycles-[2290]\r\n",
                                        sum_of(inputs)));
  }
  if (command == "pare clock")
    return checked(command, "m-pare-clock-[1280000 cycles in 20000 us]\r\n");
  if (command == "pare stack") return checked(command, "m-pare-stack-[48]\r\n");
  if (command == "pare selftest") return checked(command, "m-pare-selftest-[7 of 8]\r\n");
  if (command.empty()) return "e-[Unknown command: ]\r\nm-ready\r\n";
  return "m-ready\r\n";
}

std::string good_board(const std::string& command) { return good_answer(command); }

/// A good board, but for one part of its replies.
FakeBoard::Answer with(const std::string& part, const std::string& replacement) {
  return [=](const std::string& command) {
    std::string reply = good_answer(command);
    const std::size_t found = reply.find(part);
    return found == std::string::npos ? reply : reply.replace(found, part.size(), replacement);
  };
}

const std::vector<std::uint8_t> kInput{1};
const std::vector<std::uint8_t> kOutput{0x7f, 0x80};

}  // namespace

TEST_CASE("the client reads what a board says of itself") {
  FakeBoard board(good_board);
  BoardClient client(board.link());
  const BoardInfo info = client.info();
  CHECK(info.name == "fake");
  CHECK(info.kernel_version == 3);
  CHECK(info.hash == 0x00c0ffeeu);
  CHECK(info.type == "int8");
  CHECK(info.inputs == 70);
  CHECK(info.outputs == 2);
  CHECK(info.instruction_cache);
  CHECK(client.stack_bytes() == 48);
  CHECK(!client.cycles());
  CHECK(client.infer(kInput) == kOutput);
  CHECK(client.cycles() == 2290);
  CHECK(client.counter_mhz() == 64);
  CHECK(client.selftest().passed == 7);
  CHECK(client.selftest().total == 8);
}

TEST_CASE(
    "an inference sends no command longer than a USB packet, line end included, nor far ahead") {
  std::vector<std::string> commands;
  FakeBoard board([&](const std::string& command) {
    commands.push_back(command);
    return good_answer(command, std::string(70, '\xA5'));
  });
  BoardClient client(board.link());
  const std::vector<std::uint8_t> inputs(70, 0xA5);
  CHECK(client.infer(inputs) == kOutput);
  REQUIRE(commands.size() == 7);
  CHECK(commands[2] == "db load 70");
  CHECK(commands[3].size() == 3 + 2 * 29);
  CHECK(commands[4].size() == 3 + 2 * 29);
  CHECK(commands[5] == "db a5a5a5a5a5a5a5a5a5a5a5a5");
  CHECK(commands[6] == "pare infer");
  for (const std::string& command : commands) CHECK(command.size() + std::strlen("%\r\n") <= 64);
  CHECK(board.most_unanswered_bytes() <= 64);
}

TEST_CASE("a board that says nothing is reported after the time-out") {
  FakeBoard board([](const std::string&) { return ""; });
  CHECK_THROWS_WITH(BoardClient(board.link(), 100ms),
                    "the board did not answer 'name%' within 0.1 s; is the right image running, "
                    "and the port not open elsewhere?");
}

TEST_CASE("a board that falls silent later is reported with the command that it did not answer") {
  bool silent = false;
  FakeBoard board([&](const std::string& command) {
    silent = silent || command == "pare infer";
    return silent ? "" : good_answer(command);
  });
  BoardClient client(board.link(), 200ms);
  CHECK_THROWS_WITH(client.infer(kInput),
                    "the board did not answer 'pare infer%' within 0.2 s; is the right image "
                    "running, and the port not open elsewhere?");
}

TEST_CASE("a board's error becomes ours, and the next command meets its own reply") {
  FakeBoard board([](const std::string& command) {
    return command.starts_with("db load") ? "e-[must be 4 bytes]\r\nm-ready\r\n"
                                          : good_answer(command);
  });
  BoardClient client(board.link());
  CHECK_THROWS_WITH(client.infer(kInput),
                    "the board answered 'e-[must be 4 bytes]' to 'db load 1%'");
  CHECK(client.stack_bytes() == 48);
}

TEST_CASE("a hard fault is reported at once") {
  FakeBoard board([](const std::string& command) {
    return command == "pare infer" ? "\r\ne-[hard fault]\r\n" : good_answer(command);
  });
  BoardClient client(board.link(), 60s);
  CHECK_THROWS_WITH(client.infer(kInput), "the board stopped with a hard fault at 'pare infer%'");
}

TEST_CASE("whatever was on the line before does not disturb the first reply") {
  FakeBoard board(good_board,
                  "5,0.25]\r\nm-ready\r\n\xff\xfe garbage\r\nm-init-done\r\nm-ready\r\nm-");
  BoardClient client(board.link());
  CHECK(client.info().name == "fake");
}

TEST_CASE("a reply that comes byte by byte is read whole") {
  FakeBoard board(good_board, "", 1);
  BoardClient client(board.link());
  CHECK(client.info().hash == 0x00c0ffeeu);
}

TEST_CASE("a line that the other side closed is reported") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  ::close(ends[1]);
  SerialLink link{FileDescriptor(ends[0])};
  CHECK_THROWS_WITH(link.read_line(std::chrono::steady_clock::now() + 1s),
                    "the serial line to the board broke: the other side closed it");
  CHECK_THROWS_WITH(link.write("name%", std::chrono::steady_clock::now() + 1s),
                    "the serial line to the board broke: Broken pipe");
}

TEST_CASE("a counter that does not move is told from one that does") {
  FakeBoard board([](const std::string& command) {
    if (command == "pare clock") return checked(command, "m-pare-clock-[0 cycles in 20000 us]\r\n");
    if (command != "pare infer") return good_answer(command);
    return checked(command, fmt::format("m-pare-inputs-[{:08x}]\r\nm-pare-outputs-[7f80]\r\n"
                                        "m-pare-cycles-[0]\r\n",
                                        sum_of("\x01")));
  });
  BoardClient client(board.link());
  CHECK(client.infer(kInput) == kOutput);
  CHECK(!client.cycles());
  CHECK(client.counter_mhz() == 0);
}

TEST_CASE("a reply with half of its value is refused") {
  const std::vector<std::pair<std::string, std::string>> replies{
      {"pare clock", "m-pare-clock-[5 cycles in us]"},
      {"pare clock", "m-pare-clock-[5 cycles in 7 us us]"},
      {"pare clock", "m-pare-clock-[ cycles in  us]"},
      {"pare clock", "m-pare-clock-[5]"},
      {"pare clock", "m-pare-clock-[]"},
      {"pare selftest", "m-pare-selftest-[8 of ]"},
      {"pare selftest", "m-pare-selftest-[ of 8]"},
      {"pare selftest", "m-pare-selftest-[]"}};
  for (const auto& [damaged, line] : replies) {
    CAPTURE(line);
    FakeBoard board([&, reply = line + "\r\n"](const std::string& command) {
      return command == damaged ? checked(command, reply) : good_answer(command);
    });
    BoardClient client(board.link());
    if (damaged == "pare clock") {
      CHECK_THROWS_AS(client.counter_mhz(), std::runtime_error);
    } else {
      CHECK_THROWS_AS(client.selftest(), std::runtime_error);
    }
  }
}

TEST_CASE("a reply without its line says which one is missing") {
  FakeBoard board([](const std::string& command) {
    return command == "pare stack" ? checked(command, "") : good_answer(command);
  });
  BoardClient client(board.link());
  CHECK_THROWS_WITH(client.stack_bytes(),
                    "the board's reply to 'pare stack%' has no 'm-pare-stack-[...]': its sketch is "
                    "not of this version, or the line to it loses bytes; flash it again, or try "
                    "another cable");
}

TEST_CASE("a reply in which one character changed is refused as damaged") {
  const std::string damaged =
      " arrived damaged: the line to the board loses or changes bytes; try another cable";
  const std::vector<std::pair<std::string, std::string>> changes{
      {"[7f80]", "[7f81]"},
      {"[7f80]", "[7f8]"},
      {"outputs-[7f80]", "outputs-[7f7f80]"},
      {"[2290]", "[2291]"},
      {"[2290]\r\n", "[2290]\r\nm-pare-cycles-[2290]\r\n"},
      {"m-pare-inputs-[", "m-pare-inputs-[0"}};
  for (const auto& [part, replacement] : changes) {
    CAPTURE(replacement);
    FakeBoard board(with(part, replacement));
    BoardClient client(board.link());
    CHECK_THROWS_WITH(client.infer(kInput), ("the reply to 'pare infer%'" + damaged).c_str());
    CHECK(client.stack_bytes() == 48);
  }
}

TEST_CASE("a board that computed with other inputs than it was sent is refused") {
  FakeBoard board([](const std::string& command) { return good_answer(command, "\x02"); });
  BoardClient client(board.link());
  CHECK_THROWS_WITH(client.infer(kInput),
                    "the inputs of 'pare infer%' arrived damaged: the line to the board loses or "
                    "changes bytes; try another cable");
}
