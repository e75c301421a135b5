#include "bench/peers.h"

#include <doctest/doctest.h>

using namespace pare;

TEST_CASE("a comparison is the median of the rounds' ratios, with the lowest and the highest") {
  const bench::PeerRow row =
      bench::summarize_rounds("work", {1e-6, 4e-6, 3e-6}, {2e-6, 2e-6, 3e-6}, 0.5);
  CHECK(row.work == "work");
  CHECK(row.ours_us == doctest::Approx(3));
  CHECK(row.peer_us == doctest::Approx(2));
  CHECK(row.ratio == doctest::Approx(1));
  CHECK(row.lowest_ratio == doctest::Approx(0.5));
  CHECK(row.highest_ratio == doctest::Approx(2));
  CHECK(row.to_reach == 0.5);
}

TEST_CASE("the table of the peers has times in microseconds and ratios") {
  const std::vector<bench::PeerRow> rows{
      {"an epoch", 412345.6, 900000, 0.4581, 0.45, 0.5, 0.67},
      {"an inference", 0.05049, 7.7, 0.00656, 0.006, 0.007, 0.02}};
  CHECK(bench::format_table(bench::peer_table(rows), bench::Format::csv, bench::kNoLimit) ==
        "work,ours us,PyTorch us,ours / PyTorch,lowest,highest,to reach\n"
        "an epoch,412346,900000,0.458,0.450,0.500,0.67\n"
        "an inference,0.050,7.700,0.007,0.006,0.007,0.02\n");
}
