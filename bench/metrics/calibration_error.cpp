#include <algorithm>
#include <array>
#include <cmath>

#include "bench/metrics/metric.h"
#include "nn/ends.h"

namespace pare::bench {
namespace {

/// The expected calibration error: the mean distance, over 15 bins of the probability of the
/// predicted class, between it and the share of samples that are right.
/// Source: Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017,
/// section 2.
std::optional<double> compute(const Answers& answers) {
  constexpr std::size_t kBins = 15;
  const nn::Matrix probabilities = nn::class_probabilities(answers.model, answers.outputs);
  if (!probabilities.allFinite()) return std::nullopt;
  const std::vector<nn::Index> predicted = nn::predicted_classes(answers.model, answers.outputs);
  const std::vector<nn::Index> right = nn::right_classes(answers.data.targets);
  std::array<double, kBins> distance{};  // of each bin: the sum of probability - right
  for (nn::Index i = 0; i < probabilities.rows(); ++i) {
    const auto sample = static_cast<std::size_t>(i);
    const nn::Index guess = predicted[sample];
    const double confidence = double{probabilities(i, guess)};
    const auto bin = static_cast<std::size_t>(confidence * static_cast<double>(kBins));
    distance[std::min(bin, kBins - 1)] += confidence - (guess == right[sample] ? 1 : 0);
  }
  double sum = 0;
  for (const double one : distance) sum += std::abs(one);
  return sum / static_cast<double>(probabilities.rows());
}

}  // namespace

extern const Metric kCalibrationError;
const Metric kCalibrationError{.name = "calibration_error",
                               .title = "",
                               .style = Style::fixed3,
                               .task = nn::Task::classification,
                               .compute = compute};

}  // namespace pare::bench
