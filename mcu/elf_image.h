#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace pare::mcu {

/// What a linked program puts into the board's memory.
struct ElfImage {
  struct Section {
    std::string name;
    std::uint32_t address = 0;
    std::uint32_t size_bytes = 0;
    bool stored = false;    // its bytes lie in flash, or in the file of what is flashed
    bool writable = false;  // it lies in RAM while the program runs
  };
  struct Symbol {
    std::uint32_t address = 0;  // without the Thumb bit of a function
    std::uint32_t size_bytes = 0;
  };
  std::vector<Section> sections;  // only those that occupy the board's memory
  std::map<std::string, Symbol> symbols;
};

/// Reads a linked 32-bit ARM or RISC-V program. Throws std::runtime_error, with the path and what
/// is wrong, when the file cannot be read, is no such program, or is damaged. Source: System V ABI,
/// chapter 4; ELF for the Arm Architecture (IHI 0044).
ElfImage read_elf(const std::filesystem::path& path);

}  // namespace pare::mcu
