#pragma once

namespace pare::experiments {

/// From now on SIGINT and SIGTERM end the program with exit code 130 after its temporary folders
/// are removed; results are only ever replaced whole, so nothing else is to be undone. Call it
/// before any other thread starts.
void tidy_up_when_interrupted();

}  // namespace pare::experiments
