#include <algorithm>
#include <numeric>

#include "bench/metrics/metric.h"
#include "nn/ends.h"

namespace pare::bench {
namespace {

/// The probability that a random sample of a class gets a higher score for it than a random one of
/// another; equal scores count half.
double auc_of(const nn::Matrix& scores, const nn::Matrix& targets, nn::Index label) {
  std::vector<nn::Index> order(static_cast<std::size_t>(scores.rows()));
  std::iota(order.begin(), order.end(), nn::Index{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](nn::Index a, nn::Index b) { return scores(a, label) < scores(b, label); });
  double ranks = 0;  // of the class, from 1; equal scores share theirs
  double positives = 0;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    double here = 0;
    while (end < order.size() && scores(order[end], label) == scores(order[begin], label)) {
      here += targets(order[end], label) > 0.5F ? 1 : 0;
      ++end;
    }
    ranks += here * (static_cast<double>(begin + end) + 1) / 2;
    positives += here;
    begin = end;
  }
  const double negatives = static_cast<double>(order.size()) - positives;
  return (ranks - positives * (positives + 1) / 2) / (positives * negatives);
}

/// The area under the ROC curve: of two classes that of the second, of more the mean of each
/// against the rest. Nothing where a class has no sample, or every one.
/// Source: Fawcett, "An Introduction to ROC Analysis", Pattern Recognition Letters 27, 2006,
/// sections 7 and 10.
std::optional<double> compute(const Answers& answers) {
  const nn::Matrix& targets = answers.data.targets;
  const nn::RowVector samples = targets.colwise().sum();
  if (samples.minCoeff() == 0 || samples.maxCoeff() == static_cast<float>(targets.rows())) {
    return std::nullopt;
  }
  const nn::Matrix scores = nn::class_probabilities(answers.model, answers.outputs);
  if (!scores.allFinite()) return std::nullopt;
  if (targets.cols() == 2) return auc_of(scores, targets, 1);
  double sum = 0;
  for (nn::Index k = 0; k < targets.cols(); ++k) sum += auc_of(scores, targets, k);
  return sum / static_cast<double>(targets.cols());
}

}  // namespace

extern const Metric kAuc;
const Metric kAuc{.name = "auc",
                  .title = "",
                  .style = Style::fixed3,
                  .task = nn::Task::classification,
                  .compute = compute};

}  // namespace pare::bench
