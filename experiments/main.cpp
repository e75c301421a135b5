#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "experiments/cli.h"
#include "experiments/interruption.h"

int main(int argc, char** argv) {
  pare::experiments::tidy_up_when_interrupted();
  try {
    return pare::experiments::run_cli(argc, argv);
  } catch (const std::exception& error) {
    std::fflush(stdout);
    fmt::print(stderr, "pare: {}\n", error.what());
    return 1;
  }
}
