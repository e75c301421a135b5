#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/helpers.h"

namespace pare::tests {

/// A PATH that has the system's programs and, of arduino-cli, a script.
class StandInCli {
 public:
  /// `upload` is what the script does to upload, in the shell's language; likewise `compile`.
  explicit StandInCli(const std::string& upload, const std::string& compile = kCompile)
      : saved_(std::getenv("PATH")) {
    const std::string script = folder_.write(
        "arduino-cli", fmt::format("#!/bin/sh\necho \"$@\" >> {}\ncase $1 in\ncompile) {} ;;\n"
                                   "upload) {} ;;\nesac\n",
                                   log().string(), compile, upload));
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    ::setenv("PATH", (folder_.path().string() + ":" + saved_).c_str(), 1);
  }
  ~StandInCli() { ::setenv("PATH", saved_.c_str(), 1); }

  std::filesystem::path log() const { return folder_.path() / "log"; }

  /// Leaves something in the build folder.
  static constexpr const char* kCompile = "mkdir -p $5 && touch $5/sketch.bin";

 private:
  Folder folder_;
  std::string saved_;
};

}  // namespace pare::tests
