#include "mcu/temporary_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>

namespace pare::mcu {
namespace {

/// The folders that are there now.
struct Living {
  std::mutex mutex;
  std::set<std::filesystem::path> paths;
};

Living& living() {
  static Living instance;
  return instance;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "pare-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::runtime_error("cannot make the folder " + name + ": " + std::strerror(errno));
  }
  path_ = name;
  const std::lock_guard lock(living().mutex);
  living().paths.insert(path_);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
  const std::lock_guard lock(living().mutex);
  living().paths.erase(path_);
}

void TemporaryFolder::remove_all() {
  const std::lock_guard lock(living().mutex);
  for (const std::filesystem::path& path : living().paths) {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
}

}  // namespace pare::mcu
