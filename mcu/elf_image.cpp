#include "mcu/elf_image.h"

#include <elf.h>
#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace pare::mcu {
namespace {

constexpr std::uint32_t kThumbBit = 1;

/// The bytes of a file; every access is checked against its end.
class ElfFile {
 public:
  explicit ElfFile(const std::filesystem::path& path) : path_(path.string()) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error(fmt::format("{} cannot be opened", path_));
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
  }

  template <typename Record>
  Record record(std::uint64_t offset) const {
    if (offset + sizeof(Record) > bytes_.size()) fail("ends too early");
    Record record;
    std::memcpy(&record, bytes_.data() + offset, sizeof(Record));
    return record;
  }

  std::string text(std::uint64_t offset) const {
    const std::size_t end = bytes_.find('\0', offset);
    if (end == std::string::npos) fail("has a name without an end");
    return bytes_.substr(offset, end - offset);
  }

  [[noreturn]] void fail(std::string_view what) const {
    throw std::runtime_error(
        fmt::format("{} {}: not a linked 32-bit ARM or RISC-V program", path_, what));
  }

 private:
  std::string path_;
  std::string bytes_;
};

Elf32_Ehdr read_header(const ElfFile& file) {
  const auto header = file.record<Elf32_Ehdr>(0);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) file.fail("is no ELF file");
  if (header.e_ident[EI_CLASS] != ELFCLASS32 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      (header.e_machine != EM_ARM && header.e_machine != EM_RISCV) || header.e_type != ET_EXEC) {
    file.fail("is for another machine, or not linked");
  }
  if (header.e_shentsize != sizeof(Elf32_Shdr)) file.fail("has no section headers");
  return header;
}

std::vector<Elf32_Shdr> read_sections(const ElfFile& file, const Elf32_Ehdr& header) {
  std::vector<Elf32_Shdr> sections;
  for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
    sections.push_back(file.record<Elf32_Shdr>(header.e_shoff + i * sizeof(Elf32_Shdr)));
  }
  if (header.e_shstrndx >= sections.size()) file.fail("has sections without names");
  return sections;
}

void read_symbols(const ElfFile& file, const Elf32_Shdr& table, const Elf32_Shdr& names,
                  ElfImage& image) {
  for (std::uint64_t at = 0; at + sizeof(Elf32_Sym) <= table.sh_size; at += sizeof(Elf32_Sym)) {
    const auto symbol = file.record<Elf32_Sym>(table.sh_offset + at);
    if (symbol.st_name == 0 || symbol.st_shndx == SHN_UNDEF) continue;
    const bool is_function = ELF32_ST_TYPE(symbol.st_info) == STT_FUNC;
    image.symbols[file.text(std::uint64_t{names.sh_offset} + symbol.st_name)] = {
        .address = is_function ? symbol.st_value & ~kThumbBit : symbol.st_value,
        .size_bytes = symbol.st_size};
  }
}

}  // namespace

ElfImage read_elf(const std::filesystem::path& path) {
  const ElfFile file(path);
  const Elf32_Ehdr header = read_header(file);
  const std::vector<Elf32_Shdr> sections = read_sections(file, header);
  const std::uint64_t names = sections[header.e_shstrndx].sh_offset;

  ElfImage image;
  for (const Elf32_Shdr& section : sections) {
    if (section.sh_type == SHT_SYMTAB) {
      if (section.sh_link >= sections.size()) file.fail("has symbols without names");
      read_symbols(file, section, sections[section.sh_link], image);
    }
    if ((section.sh_flags & SHF_ALLOC) == 0 || section.sh_size == 0) continue;
    image.sections.push_back({.name = file.text(names + section.sh_name),
                              .address = section.sh_addr,
                              .size_bytes = section.sh_size,
                              .stored = section.sh_type != SHT_NOBITS,
                              .writable = (section.sh_flags & SHF_WRITE) != 0});
  }
  return image;
}

}  // namespace pare::mcu
