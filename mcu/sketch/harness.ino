/// A model and nothing but what measures and validates it: what flash puts on a board.
#include "harness.h"

void setup() { pare::begin_harness(); }

void loop() { pare::serve_host(); }
