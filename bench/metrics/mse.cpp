#include "bench/metrics/metric.h"
#include "nn/sums.h"
namespace pare::bench {
namespace {

/// The mean over samples and outputs of (output - target)^2.
std::optional<double> compute(const Answers& answers) {
  const nn::Matrix errors = answers.outputs - answers.data.targets;
  return nn::dot(errors.data(), errors.data(), errors.size()) / static_cast<double>(errors.size());
}

}  // namespace

extern const Metric kMse;
const Metric kMse{.name = "mse",
                  .title = "MSE",
                  .style = Style::scientific,
                  .task = nn::Task::regression,
                  .compared = true,
                  .compute = compute};

}  // namespace pare::bench
