// The same config and seed give the same bytes, whatever a processor's vectors, threads and cores.
#include <doctest/doctest.h>

#include "build_paths.h"
#include "mcu/process.h"
#include "tests/helpers.h"
#include "tests/same_bytes/models.h"

using namespace pare;

namespace {

/// True, and said, of a build whose bytes are not everybody's.
bool skipped() {
  if (PARE_SAME_BYTES == 0) MESSAGE("skipped: this build is for processors below x86-64-v3");
  return PARE_SAME_BYTES == 0;
}

}  // namespace

TEST_CASE("two and three threads give the bytes of one, in every pass") {
  const std::string one = tests::lines(tests::hash_models(1));
  CHECK(tests::lines(tests::hash_models(2)) == one);
  CHECK(tests::lines(tests::hash_models(3)) == one);
}

TEST_CASE("loops as wide as this processor's give the bytes of x86-64-v3") {
  if (skipped()) return;
  const mcu::ProcessResult narrow = mcu::run_process({PARE_SAME_BYTES_V3});
  REQUIRE(narrow.exit_code == 0);
  CHECK(narrow.output == tests::lines(tests::hash_models(1)));
}

TEST_CASE("every machine gives these bytes") {
  if (skipped()) return;
  const std::string golden =
      tests::read_file(std::string(PARE_SOURCE_DIR) + "/tests/same_bytes/golden.txt");
  CHECK(tests::lines(tests::hash_models(1)) == golden);
}
