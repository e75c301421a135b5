#include "nn/text_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace pare::nn {

namespace fs = std::filesystem;

void refuse_file(const fs::path& path, std::string_view what) {
  throw std::runtime_error(fmt::format("{}: {}", path.string(), what));
}

std::string read_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw std::runtime_error("it cannot be opened");
  std::string bytes(static_cast<std::size_t>(std::max<std::streamoff>(0, file.tellg())), '\0');
  file.seekg(0).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file) throw std::runtime_error("it cannot be read");
  return bytes;
}

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  if (!file) {
    throw std::runtime_error(
        fmt::format("{} cannot be written: {}", path.string(), std::strerror(errno)));
  }
}

void replace_text(const fs::path& path, const std::string& text) {
  const fs::path beside = path.string() + fmt::format(".{}", getpid());
  try {
    write_text(beside, text);
    fs::rename(beside, path);
  } catch (...) {
    std::error_code ignored;
    fs::remove(beside, ignored);
    throw;
  }
}

void check_file_target(const fs::path& path, const std::string& option) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (fs::is_directory(path) || !path.has_filename()) {
    throw std::invalid_argument(
        fmt::format("{} is a folder; name a file with {}", path.string(), option));
  }
  if (fs::is_directory(folder) && access(folder.c_str(), W_OK) == 0) return;
  throw std::invalid_argument(
      fmt::format("{} cannot be written: {} is not a folder that you can write to; name another "
                  "file with {}",
                  path.string(), folder.string(), option));
}

}  // namespace pare::nn
