#include "bench/metrics/metric.h"

namespace pare::bench {
namespace {

/// The coefficient of determination: 1 less the squared errors over those of the targets' mean; of
/// several outputs their mean. Nothing where a target is constant.
/// Source: Draper and Smith, "Applied Regression Analysis", 3rd edition, 1998, section 1.3.
std::optional<double> compute(const Answers& answers) {
  const Eigen::MatrixXd targets = answers.data.targets.cast<double>();
  const Eigen::MatrixXd errors = answers.outputs.cast<double>() - targets;
  double sum = 0;
  for (nn::Index k = 0; k < targets.cols(); ++k) {
    const double mean = targets.col(k).mean();
    const double variation = (targets.col(k).array() - mean).square().sum();
    if (!(variation > 0)) return std::nullopt;
    sum += 1 - errors.col(k).squaredNorm() / variation;
  }
  return sum / static_cast<double>(targets.cols());
}

}  // namespace

extern const Metric kR2;
const Metric kR2{.name = "r2",
                 .title = "",
                 .style = Style::fixed3,
                 .task = nn::Task::regression,
                 .compute = compute};

}  // namespace pare::bench
