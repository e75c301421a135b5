#include <algorithm>
#include <array>

#include "bench/metrics/metric.h"
#include "nn/fast_forward.h"

namespace pare::bench {

// One line per metric, its definition being in the file of its name.
extern const Metric kMse;
extern const Metric kMae;
extern const Metric kMaxError;
extern const Metric kR2;
extern const Metric kTop1;
extern const Metric kBalanced;
extern const Metric kMacroF1;
extern const Metric kAuc;
extern const Metric kLogLoss;
extern const Metric kCalibrationError;

namespace {

constexpr std::array kMetrics{&kMse,      &kMae,     &kMaxError, &kR2,      &kTop1,
                              &kBalanced, &kMacroF1, &kAuc,      &kLogLoss, &kCalibrationError};

}  // namespace

std::span<const Metric* const> metrics() { return kMetrics; }

const Metric& main_metric(nn::Task task) {
  return **std::find_if(kMetrics.begin(), kMetrics.end(), [&](const Metric* metric) {
    return metric->task == task && metric->compared;
  });
}

Scores measure_accuracy(const nn::Model& model, const nn::Dataset& data) {
  const nn::Matrix outputs = nn::fast_forward(model, data.inputs);
  Scores scores;
  for (const Metric* metric : kMetrics) {
    if (metric->task != data.task) continue;
    const std::optional<double> score = metric->compute({model, outputs, data});
    if (score) scores[std::string(metric->name)] = *score;
  }
  return scores;
}

}  // namespace pare::bench
