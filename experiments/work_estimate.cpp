#include "experiments/work_estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace pare::experiments {

void WorkEstimate::expect(WorkKind kind, double units) { part(kind).expected += units; }

void WorkEstimate::finish(WorkKind kind, double units, double seconds) {
  Part& of = part(kind);
  of.done = std::min(of.expected, of.done + units);
  of.seconds += seconds;
}

std::optional<double> WorkEstimate::seconds_left(std::size_t threads) const {
  double seconds = 0;
  for (const Part& of : parts_) {
    const double left = of.expected - of.done;
    if (left == 0) continue;
    if (of.done == 0) return std::nullopt;
    seconds += left * of.seconds / of.done;
  }
  return seconds / static_cast<double>(threads);
}

std::string about(double seconds) {
  if (seconds < 55) return fmt::format("about {:.0f} s", std::max(1.0, std::ceil(seconds / 5)) * 5);
  const auto minutes = std::lround(std::max(1.0, seconds / 60));
  if (minutes < 60) return fmt::format("about {} min", minutes);
  return fmt::format("about {} h {} min", minutes / 60, minutes % 60);
}

}  // namespace pare::experiments
