#pragma once

#include <filesystem>

namespace pare::mcu {

/// A new folder for the life of the object, removed with all that it holds. Those of a process lie
/// in one folder of its own, in the system's folder for temporary files; the first one also removes
/// what processes have left there that were killed.
class TemporaryFolder {
 public:
  /// Throws std::runtime_error when the system's folder for temporary files cannot be written.
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  const std::filesystem::path& path() const { return path_; }

  /// Where the programs that this process starts put theirs. Throws as the constructor does.
  static const std::filesystem::path& of_children();

  /// Removes those that are there now, for a program that is about to end without its destructors.
  /// Whoever makes another one afterwards waits for ever.
  static void remove_all();

 private:
  std::filesystem::path path_;
};

}  // namespace pare::mcu
