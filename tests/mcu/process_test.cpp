#include "mcu/process.h"

#include <doctest/doctest.h>

using namespace pare::mcu;

TEST_CASE("a process gives its exit code and all that it printed") {
  const ProcessResult result =
      run_process({find_program("sh").value(), "-c", "echo out; echo err >&2; exit 3"});
  CHECK(result.exit_code == 3);
  CHECK(result.output == "out\nerr\n");
  CHECK(!find_program("no-such-program-here"));
}
