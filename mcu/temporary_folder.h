#pragma once

#include <filesystem>

namespace pare::mcu {

/// A new folder for the life of the object, removed with all that it holds.
class TemporaryFolder {
 public:
  /// Throws std::runtime_error when the system's folder for temporary files cannot be written.
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  const std::filesystem::path& path() const { return path_; }

  /// Removes those that are there now, for a program that is about to end without its destructors.
  static void remove_all();

 private:
  std::filesystem::path path_;
};

}  // namespace pare::mcu
