#include "compress/sparsity.h"

#include <algorithm>
#include <cmath>

#include "nn/elementary.h"

namespace pare::compress {
namespace {

/// One score and the place it came from.
struct Candidate {
  double score;
  std::size_t layer;
  std::size_t index;
};

nn::Index share(double fraction, std::size_t count) {
  return static_cast<nn::Index>(std::round(fraction * static_cast<double>(count)));
}

/// Marks the `count` lowest of `candidates`, while their layers have any left to `spare`.
void mark_lowest(std::vector<Candidate>& candidates, nn::Index count, std::vector<nn::Index>& spare,
                 std::vector<std::vector<bool>>& gone) {
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.score < b.score; });
  for (const Candidate& candidate : candidates) {
    if (count == 0) return;
    if (spare[candidate.layer] == 0) continue;
    gone[candidate.layer][candidate.index] = true;
    --spare[candidate.layer];
    --count;
  }
}

}  // namespace

Scope read_scope(Options& options) {
  return options.choice<Scope>("scope", {{"layer", Scope::layer}, {"global", Scope::global}},
                               "rank weights within each layer, or across all layers");
}

nn::Index least_kept(double sparsity, nn::Index weights) {
  const double tenth = 0.1 * (1 - sparsity) * static_cast<double>(weights);
  return std::min(weights, std::max<nn::Index>(1, std::llround(tenth)));
}

std::vector<std::vector<bool>> select_lowest(const std::vector<std::vector<double>>& scores,
                                             double sparsity, Scope scope) {
  std::vector<std::vector<bool>> gone;
  std::vector<nn::Index> spare;
  std::vector<Candidate> candidates;
  for (std::size_t layer = 0; layer < scores.size(); ++layer) {
    const auto count = static_cast<nn::Index>(scores[layer].size());
    gone.emplace_back(scores[layer].size(), false);
    spare.push_back(count - least_kept(sparsity, count));
    for (std::size_t i = 0; i < scores[layer].size(); ++i) {
      candidates.push_back({scores[layer][i], layer, i});
    }
    if (scope == Scope::layer) {
      mark_lowest(candidates, share(sparsity, candidates.size()), spare, gone);
      candidates.clear();
    }
  }
  mark_lowest(candidates, share(sparsity, candidates.size()), spare, gone);
  return gone;
}

double sparsity_at(PruneSchedule schedule, double sparsity, int step, int steps) {
  if (step == steps) return sparsity;
  const double done = static_cast<double>(step) / steps;
  const double left = 1 - done;
  return schedule == PruneSchedule::geometric
             ? 1 - nn::elementary::exp(done * nn::elementary::log(1 - sparsity))
             : sparsity * (1 - left * left * left);
}

}  // namespace pare::compress
