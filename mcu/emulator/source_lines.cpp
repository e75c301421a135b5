#include "mcu/emulator/source_lines.h"

#include <fmt/format.h>

#include <charconv>
#include <sstream>
#include <stdexcept>

#include "mcu/process.h"

namespace pare::mcu {
namespace {

/// "/folder/model.h:121 (discriminator 2)"; line 0 if it is no number.
SourceLine parse_place(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return {"??", 0};
  const std::filesystem::path file = text.substr(0, colon);
  unsigned line = 0;
  std::from_chars(text.data() + colon + 1, text.data() + text.size(), line);
  return {file.filename().string(), line};
}

}  // namespace

std::vector<SourceLine> source_lines(const std::filesystem::path& elf,
                                     std::span<const std::uint32_t> addresses) {
  if (addresses.empty()) return {};
  std::vector<std::string> command = {
      require_program("arm-none-eabi-addr2line", "binutils-arm-none-eabi").string(), "--addresses",
      "--inlines", "--exe", elf.string()};
  for (const std::uint32_t address : addresses) command.push_back(fmt::format("{:#x}", address));
  const ProcessResult result = run_process(command);
  // A line with the address, then one for each level of inlining, the outermost last.
  std::vector<SourceLine> lines;
  std::istringstream text(result.output);
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("0x")) {
      lines.emplace_back();
    } else if (!lines.empty()) {
      lines.back() = parse_place(line);
    }
  }
  if (result.exit_code != 0 || lines.size() != addresses.size()) {
    throw std::runtime_error(fmt::format("addr2line cannot tell the source lines of {}: {}",
                                         elf.string(),
                                         result.output.substr(0, result.output.find('\n'))));
  }
  return lines;
}

}  // namespace pare::mcu
