#pragma once

namespace pare::experiments {

/// The command line of README. Returns the exit code; errors go to stderr, tables to stdout.
int run_cli(int argc, char** argv);

}  // namespace pare::experiments
