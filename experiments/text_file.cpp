#include "experiments/text_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

namespace pare::experiments {

namespace fs = std::filesystem;

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  if (!file) throw std::runtime_error(fmt::format("{} cannot be written", path.string()));
}

void replace_text(const fs::path& path, const std::string& text) {
  const fs::path beside = path.string() + fmt::format(".{}", getpid());
  write_text(beside, text);
  fs::rename(beside, path);
}

}  // namespace pare::experiments
