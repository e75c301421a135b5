// The real client and the real sketch, with a line between them that damages what goes through.
#include <doctest/doctest.h>

#include <set>

#include "nn/random.h"
#include "tests/mcu/remote_board.h"

using namespace pare;
using namespace std::chrono_literals;
using mcu::BoardClient;
using mcu::SerialLink;
using tests::FaultyLine;
using tests::RemoteBoard;

namespace {

constexpr auto kTimeOut = RemoteBoard::kTimeOut;

/// Does `what` to the byte `at` positions from now, and nothing to any other.
FaultyLine::Fault once(std::size_t at, FaultyLine::Fault what) {
  return [=, index = std::size_t{0}](char byte) mutable {
    return index++ == at ? what(byte) : std::string(1, byte);
  };
}

struct NamedFault {
  const char* name;
  FaultyLine::Fault what;
};

std::vector<NamedFault> faults() {
  return {
      {"dropped", [](char) { return ""; }},
      {"flipped", [](char byte) { return std::string(1, static_cast<char>(byte ^ 1)); }},
      {"doubled", [](char byte) { return std::string(2, byte); }},
      {"made a line end", [](char) { return "\r\n"; }},
      {"made a command's end", [](char) { return "%"; }},
      {"delayed",
       [](char byte) {
         std::this_thread::sleep_for(20ms);
         return std::string(1, byte);
       }},
  };
}

/// What a session gave: how many outputs, and the error that ended it, if one did.
struct Session {
  std::size_t right = 0;
  std::size_t wrong = 0;
  std::string error;
};

/// Infers all vectors, as a validation does.
Session infer_all(RemoteBoard& board, std::chrono::milliseconds time_out = kTimeOut) {
  Session session;
  try {
    BoardClient client = board.connect(time_out);
    if (client.info().hash != board.hash()) throw std::runtime_error("another model");
    for (std::size_t i = 0; i < board.vectors().inputs.size(); ++i) {
      const bool equal = client.infer(board.vectors().inputs[i]) == board.vectors().outputs[i];
      ++(equal ? session.right : session.wrong);
    }
  } catch (const std::runtime_error& error) {
    session.error = error.what();
  }
  return session;
}

}  // namespace

TEST_SUITE("slow") {
  TEST_CASE("through a pseudo-terminal the board gives the reference's bytes") {
    RemoteBoard board;
    const Session session = infer_all(board);
    CHECK(session.error == "");
    CHECK(session.right == board.vectors().inputs.size());
  }

  TEST_CASE("one damaged byte anywhere ends in the right outputs or in an error, never in others") {
    RemoteBoard board;
    nn::Random random(11, 0);
    std::size_t errors = 0;
    std::size_t whole = 0;
    for (const NamedFault& fault : faults()) {
      CAPTURE(fault.name);
      for (int i = 0; i < 12; ++i) {
        const bool to_board = i % 2 == 0;
        const auto at = static_cast<std::size_t>(random.uniform(0, to_board ? 700 : 1400));
        CAPTURE(to_board);
        CAPTURE(at);
        board.line().set_faults(to_board ? once(at, fault.what) : FaultyLine::Fault(),
                                to_board ? FaultyLine::Fault() : once(at, fault.what));
        const auto begin = std::chrono::steady_clock::now();
        const Session session = infer_all(board);
        board.line().set_faults({}, {});
        CAPTURE(session.error);
        CHECK(session.wrong == 0);
        CHECK((session.right == board.vectors().inputs.size()) == session.error.empty());
        CHECK(std::chrono::steady_clock::now() - begin < 10 * kTimeOut);
        ++(session.error.empty() ? whole : errors);
      }
    }
    CHECK(errors > 20);  // the faults do reach the line
    CHECK(whole > 5);
    const Session session = infer_all(board);
    CHECK(session.error == "");
    CHECK(session.right == board.vectors().inputs.size());
  }

  TEST_CASE("a bit that flips anywhere in the reply to an inference never gives another output") {
    RemoteBoard board;
    const std::vector<std::uint8_t>& input = board.vectors().inputs[0];
    std::size_t errors = 0;
    for (std::size_t at = 0; at < 120; ++at) {
      CAPTURE(at);
      BoardClient client = board.connect(100ms);
      board.line().set_faults({}, once(at, faults()[1].what));
      try {
        const std::vector<std::uint8_t> outputs = client.infer(input);
        CHECK(outputs == board.vectors().outputs[0]);
      } catch (const std::runtime_error&) {
        ++errors;
      }
      board.line().set_faults({}, {});
    }
    CHECK(errors > 60);
  }

  TEST_CASE("a line that damages one byte in a hundred gives errors, never other outputs") {
    RemoteBoard board;
    nn::Random random(12, 0);
    const auto noise = [&random](char byte) {
      if (random.uniform(0, 1) >= 0.01) return std::string(1, byte);
      return faults()[static_cast<std::size_t>(random.uniform(0, 3))].what(byte);
    };
    board.line().set_faults(noise, noise);
    std::set<std::string> errors;
    for (int i = 0; i < 10; ++i) {
      const Session session = infer_all(board);
      CHECK(session.wrong == 0);
      CHECK(session.error != "");
      errors.insert(session.error);
    }
    CHECK(errors.size() > 1);
  }

  TEST_CASE("a board that is slow, and one that sends garbage first, are waited for") {
    RemoteBoard board;
    board.line().set_faults({}, [](char byte) {
      std::this_thread::sleep_for(50us);
      return std::string(1, byte);
    });
    CHECK(infer_all(board, 10s).right == board.vectors().inputs.size());
    board.line().set_faults({}, once(0, [](char byte) {
                              return "\xff\x80m-name-dut-[no\r\nm-ready\r\ne-[" +
                                     std::string(1, byte);
                            }));
    const Session session = infer_all(board);
    CHECK(session.wrong == 0);
    CHECK((session.right == board.vectors().inputs.size()) == session.error.empty());
  }

  TEST_CASE("a reply that is cut in half ends in an error within the time-out") {
    RemoteBoard board;
    BoardClient client = board.connect();
    CHECK(client.infer(board.vectors().inputs[0]) == board.vectors().outputs[0]);
    bool cut = false;
    board.line().set_faults({}, [&cut](char byte) {
      cut = cut || byte == 'u';  // of "m-pare-inputs"
      return cut ? std::string() : std::string(1, byte);
    });
    const auto begin = std::chrono::steady_clock::now();
    CHECK_THROWS_WITH(client.infer(board.vectors().inputs[1]),
                      "the board did not answer 'pare infer%' within 0.3 s; is the right image "
                      "running, and the port not open elsewhere?");
    CHECK(std::chrono::steady_clock::now() - begin < 4 * kTimeOut);
  }

  TEST_CASE("a port that vanishes within a reply is reported at once") {
    RemoteBoard board;
    BoardClient client = board.connect();
    board.line().set_faults({}, [&board](char byte) {
      if (byte == 'u') board.line().vanish();
      return std::string(1, byte);
    });
    CHECK_THROWS_WITH(client.infer(board.vectors().inputs[0]),
                      "the serial line to the board broke: the board was unplugged, or it "
                      "restarted; './pare boards' shows whether it is back");
    CHECK_THROWS_WITH(board.connect(),
                      (board.line().path().string() +
                       " cannot be opened: it is not there; './pare boards' lists the boards")
                          .c_str());
  }
}
