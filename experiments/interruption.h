#pragma once

namespace pare::experiments {

/// From now on SIGINT, SIGTERM, SIGHUP and SIGPIPE, unless they are ignored, end the program with
/// exit code 128 plus the signal's number, after the programs that it has started are killed and
/// its temporary folders are removed; results are only ever replaced whole, so nothing else is to
/// be undone. Writing to a pipe that nobody reads fails, and is an error like any other. Call it
/// before any other thread starts.
void tidy_up_when_interrupted();

}  // namespace pare::experiments
