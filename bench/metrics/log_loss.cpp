#include <algorithm>

#include "bench/metrics/metric.h"
#include "nn/elementary.h"
#include "nn/ends.h"

namespace pare::bench {
namespace {

/// The mean of -log of the probability that the model gives to the right class, at least 1e-7.
/// Source: Good, "Rational Decisions", Journal of the Royal Statistical Society B 14, 1952.
std::optional<double> compute(const Answers& answers) {
  const nn::Matrix probabilities = nn::class_probabilities(answers.model, answers.outputs);
  const std::vector<nn::Index> right = nn::right_classes(answers.data.targets);
  double sum = 0;
  for (std::size_t i = 0; i < right.size(); ++i) {
    const auto probability = double{probabilities(static_cast<nn::Index>(i), right[i])};
    sum -= nn::elementary::log(std::max(1e-7, probability));
  }
  return sum / static_cast<double>(right.size());
}

}  // namespace

extern const Metric kLogLoss;
const Metric kLogLoss{.name = "log_loss",
                      .title = "",
                      .style = Style::fixed3,
                      .task = nn::Task::classification,
                      .compute = compute};

}  // namespace pare::bench
