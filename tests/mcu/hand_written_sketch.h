#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "build_paths.h"

namespace pare::tests {

/// Writes the sketch with a model.h and test_vectors.h of one's own, which need none of the
/// kernels, into the new `folder`, and gives it back.
inline std::filesystem::path write_sketch(const std::filesystem::path& folder,
                                          const std::string& model,
                                          const std::string& test_vectors) {
  namespace fs = std::filesystem;
  const fs::path mcu = fs::path(PARE_SOURCE_DIR) / "mcu";
  fs::create_directories(folder);
  fs::copy_file(mcu / "sketch/harness.ino", folder / (folder.filename().string() + ".ino"));
  for (const char* name : {"board.h", "harness.h", "serial_protocol.h"}) {
    fs::copy_file(mcu / "sketch" / name, folder / name);
  }
  for (const char* name : {"crc32.h", "kernel_version.h", "optimize.h"}) {
    fs::copy_file(mcu / "kernel" / name, folder / name);
  }
  std::ofstream(folder / "model.h") << model;
  std::ofstream(folder / "test_vectors.h") << test_vectors;
  return folder;
}

}  // namespace pare::tests
