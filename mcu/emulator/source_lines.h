#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace pare::mcu {

/// A place in a program's source.
struct SourceLine {
  std::string file;   ///< its name without the folder, or "??"
  unsigned line = 0;  ///< from 1; 0 if unknown
};

/// For each address of a linked program, the source line of the function that it lies in, as the
/// compiler's line table has it: of code that was inlined into the function, the line that calls
/// it. Throws std::runtime_error if arm-none-eabi-addr2line is missing or cannot read the program.
std::vector<SourceLine> source_lines(const std::filesystem::path& elf,
                                     std::span<const std::uint32_t> addresses);

}  // namespace pare::mcu
