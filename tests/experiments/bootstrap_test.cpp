// The script `pare` at the top of the repository.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>

#include "build_paths.h"
#include "mcu/process.h"
#include "tests/helpers.h"

using namespace pare;
namespace fs = std::filesystem;

namespace {

/// What the script's function `build` says in a copy of it that installs and builds nothing, after
/// `before` has run.
std::string build_after(const std::string& before) {
  const tests::Folder folder;
  fs::copy_file(fs::path(PARE_SOURCE_DIR) / "pare", folder.path() / "pare");
  const std::string script = fmt::format(
      "cd {}; source ./pare; install_missing() {{ :; }}; quietly() {{ :; }}; mkdir build; {} build "
      "pare",
      folder.path().string(), before);
  const mcu::ProcessResult result =
      mcu::run_process({mcu::find_program("bash").value().string(), "-c", script});
  CHECK(result.exit_code == 0);
  return result.output;
}

}  // namespace

TEST_CASE("the script says that it waits for another one that builds, and then builds") {
  const std::string waiting = "pare: waiting for another pare that builds in ";
  const std::string held =
      build_after("exec 8>build/lock; flock 8; (sleep 0.3; flock --unlock 8) &");
  CHECK(held.starts_with(waiting));
  CHECK(held.find("\npare: building build/release") != std::string::npos);
  CHECK(build_after("").find(waiting) == std::string::npos);
}
