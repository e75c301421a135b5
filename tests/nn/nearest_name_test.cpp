#include "nn/nearest_name.h"

#include <doctest/doctest.h>

using namespace pare::nn;

TEST_CASE("the distance counts letters inserted, deleted, replaced and swapped") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("sparsty", "sparsity") == 1);
  CHECK(edit_distance("quantise", "quantize") == 1);
  CHECK(edit_distance("rnu", "run") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("ca", "abc") == 3);  // restricted: what was swapped is not edited again
  CHECK(edit_distance("Flash B", "flash B") == 0);
}

TEST_CASE("the nearest name is the first of those with the least distance, if a third differs") {
  CHECK(nearest_name("seedz", {"seed", "seeds", "speed"}) == "seed");
  CHECK(nearest_name("int4", {"float", "int8", "int2"}) == "int8");
  CHECK(nearest_name("A", {"b", "a"}) == "a");
  CHECK_FALSE(nearest_name("c", {"b", "a"}));
  CHECK(nearest_name("abcdef", {"abcdxy"}) == "abcdxy");
  CHECK_FALSE(nearest_name("abcde", {"abcxy"}));
  CHECK_FALSE(nearest_name("train", {"run", "table"}));
  CHECK_FALSE(nearest_name("seed", {}));
}

TEST_CASE("a message asks for what was likely meant, if anything was") {
  CHECK(did_you_mean("sed", {"name", "seed"}) == "; did you mean 'seed'?");
  CHECK(did_you_mean("optimizer", {"name", "seed"}).empty());
}
