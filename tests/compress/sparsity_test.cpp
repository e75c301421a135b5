#include "compress/sparsity.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace pare::compress;
using Flags = std::vector<bool>;

TEST_CASE("select_lowest ranks within each layer or across all, among equals the first") {
  const std::vector<std::vector<double>> scores{{1, 4, 3, 1}, {10, 0.5, 20, 30}};
  CHECK(select_lowest(scores, 0.25, Scope::layer) ==
        std::vector<Flags>{{true, false, false, false}, {false, true, false, false}});
  CHECK(select_lowest(scores, 0.5, Scope::global) ==
        std::vector<Flags>{{true, false, true, true}, {false, true, false, false}});
}

TEST_CASE("no scope empties a layer: one keeps a tenth of its share, and at least one weight") {
  CHECK(least_kept(0.9, 1000) == 10);
  CHECK(least_kept(0.9, 10) == 1);
  CHECK(least_kept(1, 1000) == 1);
  CHECK(least_kept(0, 1) == 1);
  std::vector<std::vector<double>> scores{std::vector<double>(100, 1), std::vector<double>(100, 2)};
  const auto left = [&](double sparsity, Scope scope) {
    const auto gone = select_lowest(scores, sparsity, scope);
    return std::pair{std::count(gone[0].begin(), gone[0].end(), false),
                     std::count(gone[1].begin(), gone[1].end(), false)};
  };
  CHECK(left(0.5, Scope::global) == std::pair<std::ptrdiff_t, std::ptrdiff_t>{5, 95});
  CHECK(left(1, Scope::global) == std::pair<std::ptrdiff_t, std::ptrdiff_t>{1, 1});
  CHECK(left(1, Scope::layer) == std::pair<std::ptrdiff_t, std::ptrdiff_t>{1, 1});
}

TEST_CASE("the cubic schedule is Zhu and Gupta's, the geometric one leaves equal shares") {
  const auto cubic = [](int step) { return sparsity_at(PruneSchedule::cubic, 0.8, step, 4); };
  CHECK(cubic(1) == doctest::Approx(0.8 * (1 - 27.0 / 64)));
  CHECK(cubic(2) == doctest::Approx(0.7));
  CHECK(cubic(4) == 0.8);
  const auto geometric = [](int step) {
    return sparsity_at(PruneSchedule::geometric, 0.84, step, 2);
  };
  CHECK(geometric(1) == doctest::Approx(0.6));
  CHECK(geometric(2) == doctest::Approx(0.84));
}
