#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "build_paths.h"
#include "tests/helpers.h"

namespace fs = std::filesystem;

namespace {

struct Include {
  std::string name;
  bool quoted;  ///< "name", not <name>
};

/// Which folders the files of a folder may include.
const std::map<std::string, std::set<std::string>> kAllowed{
    {"nn", {"nn"}},
    {"compress", {"compress", "nn"}},
    {"mcu", {"mcu", "nn"}},
    {"bench", {"bench", "mcu", "nn"}},
    {"experiments", {"experiments", "bench", "compress", "mcu", "nn"}},
};

/// Folders whose files travel to the board, where a file's own folder is the include path.
const std::set<std::string> kOnBoard{"mcu/kernel",
                                     "mcu/sketch",
                                     "mcu/emulator/board",
                                     "mcu/emulator/board/esp32c3",
                                     "mcu/emulator/board/nano33ble",
                                     "mcu/emulator/board/pico"};

/// Headers that take seconds to compile, with the only file that may include each; none if empty.
const std::map<std::string, std::string> kSlowHeaders{
    {"CLI/CLI.hpp", "experiments/cli.cpp"},
    {"benchmark/benchmark.h", "bench/host_latency.cpp"},
    {"toml++/toml.h", "experiments/toml_options.h"},
    {"Eigen/Dense", ""},
    {"regex", ""},
};

std::vector<Include> includes(const std::string& text) {
  std::vector<Include> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = line.find_first_of("<\"");
    if (!line.starts_with("#include") || begin == std::string::npos) continue;
    const std::size_t end = line.find_first_of(">\"", begin + 1);
    found.push_back({line.substr(begin + 1, end - begin - 1), line[begin] == '"'});
  }
  return found;
}

std::string first_folder(const std::string& path) { return path.substr(0, path.find('/')); }

/// Why `file` (a path in the checkout) may not include that; empty if it may.
std::string objection(const std::string& file, const Include& include) {
  const std::string folder = fs::path(file).parent_path().string();
  if (folder == "mcu/kernel") {
    const bool own = fs::exists(fs::path(PARE_SOURCE_DIR) / folder / include.name) &&
                     include.name.find('/') == std::string::npos;
    const bool math = fs::path(file).filename() == "activate_float32.h" && include.name == "math.h";
    const bool allowed = include.quoted ? own : include.name == "stdint.h" || math;
    return allowed ? "" : "the kernel includes <stdint.h> and its own headers only";
  }
  const auto slow = kSlowHeaders.find(include.name);
  if (slow != kSlowHeaders.end() && slow->second != file) {
    return fmt::format("<{}> takes seconds to compile: {}", include.name,
                       slow->second.empty() ? "do without" : "only " + slow->second + " may");
  }
  const std::string target = first_folder(include.name);
  if (target == include.name) {
    const bool generated = include.name == "build_paths.h";
    return include.quoted && !generated && kOnBoard.count(folder) == 0
               ? "an include starts at the root of the checkout"
               : "";
  }
  if (!include.quoted) {
    return kAllowed.count(target) > 0 || target == "tests" ? "our own headers stand in quotes" : "";
  }
  return kAllowed.at(first_folder(file)).count(target) > 0
             ? ""
             : fmt::format("{} must not know {}", first_folder(file), target);
}

bool is_source(const fs::path& path) {
  return path.extension() == ".h" || path.extension() == ".cpp" || path.extension() == ".ino";
}

}  // namespace

TEST_CASE("includes go strictly downwards: experiments, bench and compress, mcu, nn") {
  const fs::path root = PARE_SOURCE_DIR;
  for (const auto& rule : kAllowed) {
    const std::string& folder = rule.first;
    std::size_t quoted = 0;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (!is_source(entry.path())) continue;
      const std::string file = fs::relative(entry.path(), root).string();
      for (const Include& include : includes(pare::tests::read_file(entry.path()))) {
        quoted += include.quoted ? 1 : 0;
        CAPTURE(file);
        CAPTURE(include.name);
        CHECK(objection(file, include) == "");
      }
    }
    CAPTURE(folder);
    CHECK(quoted >= 10);  // every folder has many: the search sees them
  }
}

TEST_CASE("an include in the wrong direction would be found") {
  const auto refused = [](const std::string& file, const std::string& line) {
    const std::vector<Include> found = includes("// text\n" + line + "\n#define X \"y\"\n");
    REQUIRE(found.size() == 1);
    return objection(file, found[0]);
  };
  CHECK(refused("bench/row.cpp", "#include \"compress/pass.h\"") == "bench must not know compress");
  CHECK(refused("compress/distill.cpp", "#include \"mcu/encode.h\"") ==
        "compress must not know mcu");
  CHECK(refused("compress/distill.cpp", "#include \"bench/row.h\"") ==
        "compress must not know bench");
  CHECK(refused("nn/train.cpp", "#include \"experiments/progress.h\"  // to report") ==
        "nn must not know experiments");
  CHECK(refused("nn/train.cpp", "#include \"tests/helpers.h\"") == "nn must not know tests");
  CHECK(refused("nn/train.cpp", "#include <compress/pass.h>") == "our own headers stand in quotes");
  CHECK(refused("nn/train.cpp", "#include \"loss.h\"") ==
        "an include starts at the root of the checkout");
  const std::string kernel = "the kernel includes <stdint.h> and its own headers only";
  CHECK(refused("mcu/kernel/dense_int8.h", "#include <string.h>") == kernel);
  CHECK(refused("mcu/kernel/dense_int8.h", "#include <math.h>") == kernel);
  CHECK(refused("mcu/kernel/activate_float32.h", "#include <math.h>") == "");
  CHECK(refused("mcu/kernel/dense_int8.h", "#include \"mcu/encode.h\"") == kernel);
  CHECK(refused("mcu/kernel/dense_int8.h", "#include \"nowhere.h\"") == kernel);
  CHECK(refused("mcu/kernel/dense_int8.h", "#include <stdint.h>") == "");
  CHECK(refused("mcu/kernel/dense_int8.h", "#include \"requantize.h\"") == "");
  CHECK(refused("bench/row.cpp", "#include \"mcu/encode.h\"") == "");
  CHECK(refused("bench/row.cpp", "#include <nlohmann/json.hpp>") == "");
  CHECK(refused("mcu/sketch/harness.ino", "#include \"model.h\"") == "");
  CHECK(refused("experiments/cli.cpp", "#include <CLI/CLI.hpp>") == "");
  CHECK(refused("experiments/commands.cpp", "#include <CLI/CLI.hpp>") ==
        "<CLI/CLI.hpp> takes seconds to compile: only experiments/cli.cpp may");
  CHECK(refused("bench/row.cpp", "#include <regex>") ==
        "<regex> takes seconds to compile: do without");
}

TEST_CASE("a variant's artefact is made in one place, and travels from there") {
  // Where else one is made it is of another model, or encoded otherwise than the variant is.
  const std::map<std::string, int> expected{
      {"bench/board_peers.cpp", 1}, {"bench/cores.cpp", 1},      {"bench/encoding_costs.cpp", 1},
      {"bench/kernels.cpp", 1},     {"experiments/made.cpp", 1}, {"experiments/results.cpp", 2},
      {"mcu/artefact.cpp", 1},      {"mcu/artefact.h", 1},
  };
  std::map<std::string, int> made;
  const fs::path root = PARE_SOURCE_DIR;
  for (const auto& rule : kAllowed) {
    for (const auto& entry : fs::recursive_directory_iterator(root / rule.first)) {
      if (!is_source(entry.path())) continue;
      const std::string text = pare::tests::read_file(entry.path());
      for (auto at = text.find("make_artefact("); at != std::string::npos;
           at = text.find("make_artefact(", at + 1)) {
        ++made[fs::relative(entry.path(), root).string()];
      }
    }
  }
  CHECK(made == expected);
}
