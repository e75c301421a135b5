#include "mcu/board_client.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "mcu/file_descriptor.h"

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

std::string good_answer(const std::string& command) {
  if (command == "name") return "m-name-dut-[fake]\r\nm-ready\r\n";
  if (command == "pare info") {
    return "m-pare-kernel-[3]\r\nm-pare-hash-[00c0ffee]\r\nm-pare-type-[int8]\r\n"
           "m-pare-inputs-[70]\r\nm-pare-outputs-[2]\r\nm-ready\r\n";
  }
  if (command == "pare raw") return "m-pare-raw-[7f80]\r\nm-ready\r\n";
  if (command == "pare cycles") return "m-pare-cycles-[no counter]\r\nm-ready\r\n";
  if (command == "pare stack") return "m-pare-stack-[48]\r\nm-ready\r\n";
  if (command == "pare selftest") return "m-pare-selftest-[7 of 8]\r\nm-ready\r\n";
  if (command.empty()) return "e-[Unknown command: ]\r\nm-ready\r\n";
  return "m-ready\r\n";
}

}  // namespace

TEST_CASE("the client reads what a board says of itself") {
  FakeBoard board(good_answer);
  BoardClient client(board.link());
  const BoardInfo info = client.info();
  CHECK(info.name == "fake");
  CHECK(info.kernel_version == 3);
  CHECK(info.hash == 0x00c0ffeeu);
  CHECK(info.type == "int8");
  CHECK(info.inputs == 70);
  CHECK(info.outputs == 2);
  CHECK(client.stack_bytes() == 48);
  CHECK(!client.cycles());
  CHECK(client.selftest().passed == 7);
  CHECK(client.selftest().total == 8);
}

TEST_CASE("an inference loads at most 31 bytes a command and never sends far ahead") {
  std::vector<std::string> commands;
  FakeBoard board([&](const std::string& command) {
    commands.push_back(command);
    return good_answer(command);
  });
  BoardClient client(board.link());
  const std::vector<std::uint8_t> inputs(70, 0xA5);
  CHECK(client.infer(inputs) == std::vector<std::uint8_t>{0x7f, 0x80});
  REQUIRE(commands.size() == 8);
  CHECK(commands[2] == "db load 70");
  CHECK(commands[3].size() == 3 + 2 * 31);
  CHECK(commands[4].size() == 3 + 2 * 31);
  CHECK(commands[5] == "db a5a5a5a5a5a5a5a5");
  CHECK(commands[6] == "infer 1 0");
  CHECK(commands[7] == "pare raw");
  CHECK(board.most_unanswered_bytes() <= 66);
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
    silent = silent || command == "infer 1 0";
    return silent ? "" : good_answer(command);
  });
  BoardClient client(board.link(), 200ms);
  CHECK_THROWS_WITH(client.infer(std::vector<std::uint8_t>{1}),
                    "the board did not answer 'infer 1 0%' within 0.2 s; is the right image "
                    "running, and the port not open elsewhere?");
}

TEST_CASE("a board's error becomes ours, and the next command meets its own reply") {
  FakeBoard board([](const std::string& command) {
    return command.starts_with("db load") ? "e-[must be 4 bytes]\r\nm-ready\r\n"
                                          : good_answer(command);
  });
  BoardClient client(board.link());
  CHECK_THROWS_WITH(client.infer(std::vector<std::uint8_t>{1}),
                    "the board answered 'e-[must be 4 bytes]' to 'db load 1%'");
  CHECK(client.stack_bytes() == 48);
}

TEST_CASE("a hard fault is reported at once") {
  FakeBoard board([](const std::string& command) {
    return command == "infer 1 0" ? "\r\ne-[hard fault]\r\n" : good_answer(command);
  });
  BoardClient client(board.link(), 60s);
  CHECK_THROWS_WITH(client.infer(std::vector<std::uint8_t>{1}),
                    "the board stopped with a hard fault at 'infer 1 0%'");
}

TEST_CASE("whatever was on the line before does not disturb the first reply") {
  FakeBoard board(good_answer,
                  "5,0.25]\r\nm-ready\r\n\xff\xfe garbage\r\nm-init-done\r\nm-ready\r\nm-");
  BoardClient client(board.link());
  CHECK(client.info().name == "fake");
}

TEST_CASE("a reply that comes byte by byte is read whole") {
  FakeBoard board(good_answer, "", 1);
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

TEST_CASE("a reply without its line says which one is missing") {
  FakeBoard board([](const std::string& command) {
    return command == "pare stack" ? "m-ready\r\n" : good_answer(command);
  });
  BoardClient client(board.link());
  CHECK_THROWS_WITH(client.stack_bytes(),
                    "the board's reply to 'pare stack%' has no 'm-pare-stack-[...]': its sketch is "
                    "not of this version; export and flash it again");
}
