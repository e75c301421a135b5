#include "nn/random.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

using pare::nn::Index;
using pare::nn::Random;

TEST_CASE("the generator is PCG32: the reference's demo gives these numbers") {
  Random random(42, 54);  // pcg32_srandom(42, 54) of the PCG distribution's demo
  CHECK(random.bits() == 0xa15c02b7);
  CHECK(random.bits() == 0x7b47f409);
  CHECK(random.bits() == 0xba1d3330);
  CHECK(random.bits() == 0x83d2f293);
}

TEST_CASE("normal numbers have mean 0 and standard deviation 1") {
  Random random(7);
  double sum = 0;
  double squares = 0;
  constexpr int kCount = 100000;
  for (int i = 0; i < kCount; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
  }
  CHECK(std::abs(sum / kCount) < 0.01);
  CHECK(squares / kCount == doctest::Approx(1).epsilon(0.02));
}

TEST_CASE("a permutation holds every number once, and every number can come first") {
  std::vector<int> first(5, 0);
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    std::vector<Index> order = random.permutation(5);
    ++first[static_cast<std::size_t>(order[0])];
    std::sort(order.begin(), order.end());
    CHECK(order == std::vector<Index>{0, 1, 2, 3, 4});
  }
  CHECK(*std::min_element(first.begin(), first.end()) > 20);
}

TEST_CASE("every use of every seed draws numbers of its own") {
  using pare::nn::derive_seed;
  using pare::nn::Stream;
  std::set<std::uint64_t> drawn;
  std::size_t count = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    for (const Stream stream : {Stream::sine_training, Stream::initial_weights, Stream::batches,
                                Stream::dropout, Stream::kept_labels, Stream::retraining}) {
      for (std::uint64_t index = 0; index < 5; ++index, ++count) {
        drawn.insert(derive_seed(seed, stream, index));
      }
    }
  }
  CHECK(drawn.size() == count);
}
