#include "experiments/hash.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <set>

namespace pare::experiments {

namespace fs = std::filesystem;

void Hash::add(std::string_view bytes) {
  for (const char byte : bytes) {
    value_ = (value_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  }
}

void Hash::add_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 1 << 16> block{};
  while (file.read(block.data(), block.size()) || file.gcount() > 0) {
    add({block.data(), static_cast<std::size_t>(file.gcount())});
  }
}

void Hash::add_folder(const fs::path& path) {
  std::set<fs::path> files;
  std::error_code unreadable;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, unreadable)) {
    files.insert(entry.path());
  }
  for (const fs::path& file : files) {
    add(fmt::format("\n{}\n", file.filename().string()));
    add_file(file);
  }
}

}  // namespace pare::experiments
