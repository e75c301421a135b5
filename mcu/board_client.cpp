#include "mcu/board_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "mcu/kernel/crc32.h"

namespace pare::mcu {
namespace {

/// "db ", two digits a byte and "%": with a line end, all within one USB packet of 64 bytes.
constexpr std::size_t kMaxBytesPerCommand = 29;

std::runtime_error unexpected(std::string_view command, std::string_view expected) {
  return std::runtime_error(
      fmt::format("the board's reply to '{}%' has no '{}': its sketch is not of this version, or "
                  "the line to it loses bytes; flash it again, or try another cable",
                  command, expected));
}

/// The text between `prefix` and the closing bracket, in whichever line has it.
std::string value_of(const std::vector<std::string>& lines, std::string_view command,
                     std::string_view prefix) {
  for (const std::string& line : lines) {
    if (line.starts_with(prefix) && line.ends_with(']')) {
      return line.substr(prefix.size(), line.size() - prefix.size() - 1);
    }
  }
  throw unexpected(command, fmt::format("{}...]", prefix));
}

/// What is before and after `between`.
std::pair<std::string_view, std::string_view> halves(std::string_view text,
                                                     std::string_view between,
                                                     std::string_view command) {
  const std::size_t middle = text.find(between);
  if (middle == std::string_view::npos) throw unexpected(command, between);
  return {text.substr(0, middle), text.substr(middle + between.size())};
}

template <typename Number>
Number parse(std::string_view text, std::string_view command, int base = 10) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw std::runtime_error(
        fmt::format("the board answered '{}' to '{}%', where a number belongs", text, command));
  }
  return number;
}

std::uint32_t sum_of(std::uint32_t sum, const void* data, std::size_t size_bytes) {
  return crc32(sum, data, static_cast<std::uint32_t>(size_bytes));
}

std::runtime_error damaged(std::string_view what, std::string_view command) {
  return std::runtime_error(fmt::format(
      "{} '{}%' arrived damaged: the line to the board loses or changes bytes; try another cable",
      what, command));
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  std::string hex;
  for (const std::uint8_t byte : bytes) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

std::vector<std::uint8_t> from_hex(std::string_view hex, std::string_view command) {
  std::vector<std::uint8_t> bytes;
  if (hex.size() % 2 != 0) throw unexpected(command, "an even number of hexadecimal digits");
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(parse<std::uint8_t>(hex.substr(i, 2), command, 16));
  }
  return bytes;
}

}  // namespace

BoardClient::BoardClient(SerialLink link, std::chrono::milliseconds time_out,
                         std::size_t max_outstanding_bytes)
    : link_(std::move(link)), time_out_(time_out), max_outstanding_bytes_(max_outstanding_bytes) {
  greet();
}

BoardInfo BoardClient::info() {
  const std::string command = "pare info";
  const Lines lines = this->command(command);
  const auto value = [&](std::string_view prefix) { return value_of(lines, command, prefix); };
  BoardInfo info;
  info.name = value("m-pare-name-[");
  info.kernel_version = parse<int>(value("m-pare-kernel-["), command);
  info.hash = parse<std::uint32_t>(value("m-pare-hash-["), command, 16);
  info.type = value("m-pare-type-[");
  info.inputs = parse<int>(value("m-pare-inputs-["), command);
  info.outputs = parse<int>(value("m-pare-outputs-["), command);
  info.instruction_cache = value("m-pare-cache-[") == "on";
  return info;
}

std::vector<std::uint8_t> BoardClient::infer(std::span<const std::uint8_t> input_bytes) {
  const std::string command = "pare infer";
  std::vector<std::string> commands = {fmt::format("db load {}", input_bytes.size())};
  for (std::size_t i = 0; i < input_bytes.size(); i += kMaxBytesPerCommand) {
    const std::size_t size_bytes = std::min(kMaxBytesPerCommand, input_bytes.size() - i);
    commands.push_back("db " + to_hex(input_bytes.subspan(i, size_bytes)));
  }
  commands.push_back(command);
  const Lines lines = exchange(commands).back();
  const std::string received = value_of(lines, command, "m-pare-inputs-[");
  if (parse<std::uint32_t>(received, command, 16) !=
      sum_of(0, input_bytes.data(), input_bytes.size())) {
    throw damaged("the inputs of", command);
  }
  const auto cycles = parse<std::uint32_t>(value_of(lines, command, "m-pare-cycles-["), command);
  cycles_ = cycles == 0 ? std::nullopt : std::optional(cycles);
  return from_hex(value_of(lines, command, "m-pare-outputs-["), command);
}

std::uint32_t BoardClient::stack_bytes() {
  return parse<std::uint32_t>(query("pare stack", "m-pare-stack-["), "pare stack");
}

double BoardClient::counter_mhz() {
  const std::string command = "pare clock";
  const std::string value = query(command, "m-pare-clock-[");
  const auto [cycles, rest] = halves(value, " cycles in ", command);
  const auto [us, nothing] = halves(rest, " us", command);
  if (!nothing.empty()) throw unexpected(command, " us");
  return static_cast<double>(parse<std::uint32_t>(cycles, command)) /
         std::max(1U, parse<std::uint32_t>(us, command));
}

SelfTest BoardClient::selftest() {
  const std::string command = "pare selftest";
  const std::string value = query(command, "m-pare-selftest-[");
  const auto [passed, total] = halves(value, " of ", command);
  return {parse<int>(passed, command), parse<int>(total, command)};
}

std::vector<std::string> BoardClient::command(std::string_view text) {
  return exchange({std::string(text)}).front();
}

/// The '%' in front ends whatever half command an earlier host may have left on the board.
void BoardClient::greet() {
  constexpr std::string_view kPrefix = "m-name-dut-[";
  const std::string command = "name";
  const SerialLink::Deadline deadline = next_deadline();
  link_.write("%name%", deadline);
  std::string line;
  while (!line.starts_with(kPrefix)) line = read_line(command, deadline);
  while (line.find("m-ready") == std::string::npos) line = read_line(command, deadline);
}

/// Reads every reply before it reports the first error, so that the next command meets its own
/// reply.
std::vector<BoardClient::Lines> BoardClient::exchange(const std::vector<std::string>& commands) {
  std::vector<Lines> replies;
  std::size_t sent = 0;
  std::size_t outstanding_bytes = 0;
  while (replies.size() < commands.size()) {
    std::string batch;
    while (sent < commands.size() &&
           (outstanding_bytes == 0 ||
            outstanding_bytes + commands[sent].size() + 1 <= max_outstanding_bytes_)) {
      batch += commands[sent] + '%';
      outstanding_bytes += commands[sent].size() + 1;
      ++sent;
    }
    if (!batch.empty()) link_.write(batch, next_deadline());
    const std::string& answered = commands[replies.size()];
    replies.push_back(read_reply(answered));
    outstanding_bytes -= answered.size() + 1;
  }
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (commands[i].starts_with("pare ")) check_reply(commands[i], replies[i]);
    for (const std::string& line : replies[i]) {
      if (!line.starts_with("e-[")) continue;
      throw std::runtime_error(fmt::format("the board answered '{}' to '{}%'", line, commands[i]));
    }
  }
  return replies;
}

BoardClient::Lines BoardClient::read_reply(const std::string& command) {
  const SerialLink::Deadline deadline = next_deadline();
  Lines lines;
  for (;;) {
    std::string line = read_line(command, deadline);
    if (line.find("m-ready") != std::string::npos) return lines;
    if (line.starts_with("m-") || line.starts_with("e-[")) lines.push_back(std::move(line));
  }
}

/// The last line of a reply to one of our own commands is a sum over the command as the board read
/// it and the lines before.
void BoardClient::check_reply(const std::string& command, const Lines& lines) {
  constexpr std::string_view kPrefix = "m-pare-check-[";
  const auto found = parse<std::uint32_t>(value_of(lines, command, kPrefix), command, 16);
  std::uint32_t sum = sum_of(0, command.data(), command.size());
  for (const std::string& line : lines) {
    if (line.starts_with(kPrefix)) break;
    sum = sum_of(sum, (line + "\r\n").data(), line.size() + 2);
  }
  if (found != sum) throw damaged("the reply to", command);
}

std::string BoardClient::read_line(const std::string& command, SerialLink::Deadline deadline) {
  std::optional<std::string> line = link_.read_line(deadline);
  if (!line) {
    throw std::runtime_error(fmt::format(
        "the board did not answer '{}%' within {:.1f} s; is the right image running, and the port "
        "not open elsewhere?",
        command, std::chrono::duration<double>(time_out_).count()));
  }
  if (*line == "e-[hard fault]") {
    throw std::runtime_error(fmt::format("the board stopped with a hard fault at '{}%'", command));
  }
  return *std::move(line);
}

std::string BoardClient::query(const std::string& command, std::string_view prefix) {
  return value_of(this->command(command), command, prefix);
}

SerialLink::Deadline BoardClient::next_deadline() const {
  return std::chrono::steady_clock::now() + time_out_;
}

}  // namespace pare::mcu
