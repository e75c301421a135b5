#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "compress/options.h"

namespace pare::experiments {

/// Finds the files that a config names, wherever pare is called: a relative path begins at the
/// config's folder, and where there is no such file at the working directory, with a note; what
/// --set says begins at the working directory.
class FileFinder {
 public:
  explicit FileFinder(const std::filesystem::path& config);

  /// The absolute path of what an option, a string, says. Of a file that is nowhere, what a config
  /// says is taken to be in its folder.
  std::string find(const compress::OptionValue& given);

  const std::vector<std::string>& notes() const { return notes_; }

 private:
  std::filesystem::path folder_;
  std::vector<std::string> notes_;
};

}  // namespace pare::experiments
