#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace pare::experiments {

/// Names what was made from something by a number. Source: Fowler, Noll, Vo, Eastlake, "The FNV
/// Non-Cryptographic Hash Algorithm", FNV-1a, 64 bits.
class Hash {
 public:
  void add(std::string_view bytes);

  /// The file's bytes. One that cannot be read adds nothing: whoever needs it will say so.
  void add_file(const std::filesystem::path& path);

  /// The names and bytes of the files in a folder, in the order of their names.
  void add_folder(const std::filesystem::path& path);

  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

}  // namespace pare::experiments
