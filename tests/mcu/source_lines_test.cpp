#include "mcu/emulator/source_lines.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/helpers.h"

using namespace pare;

namespace {

std::string error_of(const std::string& elf) {
  try {
    mcu::source_lines(elf, std::vector<std::uint32_t>{0x1000});
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("the lines of what is no program are refused in addr2line's own words") {
  const tests::Folder folder;
  const std::string text = folder.write("text.elf", "no program");
  const std::string error = error_of(text);
  CHECK(error.starts_with(fmt::format("addr2line cannot tell the source lines of {}: ", text)));
  CHECK(error.ends_with("file format not recognized"));
  const std::string missing = (folder.path() / "missing.elf").string();
  CHECK(error_of(missing).ends_with("No such file"));
  CHECK(mcu::source_lines(missing, {}).empty());
}
