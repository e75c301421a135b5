#include "bench/metrics/metric.h"

namespace pare::bench {
namespace {

/// The mean over samples and outputs of |output - target|.
std::optional<double> compute(const Answers& answers) {
  const nn::Matrix errors = (answers.outputs - answers.data.targets).cwiseAbs();
  double sum = 0;
  for (const float error : errors.reshaped<Eigen::RowMajor>()) sum += double{error};
  return sum / static_cast<double>(errors.size());
}

}  // namespace

extern const Metric kMae;
const Metric kMae{.name = "mae",
                  .title = "MAE",
                  .style = Style::scientific,
                  .task = nn::Task::regression,
                  .compared = false,
                  .compute = compute};

}  // namespace pare::bench
