#include <fmt/format.h>

#include "tests/same_bytes/models.h"

/// Prints the models of this build, whose loops are no wider than x86-64-v3's.
int main() { fmt::print("{}", pare::tests::lines(pare::tests::hash_models(1))); }
