#include <fmt/format.h>

#include <exception>

#include "experiments/cli.h"
#include "experiments/interruption.h"
#include "experiments/messages.h"

int main(int argc, char** argv) {
  using namespace pare::experiments;
  reserve_standard_streams();
  tidy_up_when_interrupted();
  std::string message;
  int exit_code = 1;
  try {
    exit_code = run_cli(argc, argv);
  } catch (const std::exception& error) {
    message = explain(error);
  }
  if (!stdout_is_whole()) {
    message =
        "what was to be printed is not whole: stdout cannot be written; is the disk full, or its "
        "reader gone?";
  }
  if (message.empty()) return exit_code;
  say(fmt::format("pare: {}\n", message));
  return 1;
}
