#pragma once

namespace pare::experiments {

/// The command line of README. Returns the exit code, having printed tables to stdout; throws what
/// main() reports.
int run_cli(int argc, char** argv);

}  // namespace pare::experiments
