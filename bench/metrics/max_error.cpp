#include "bench/metrics/metric.h"

namespace pare::bench {
namespace {

/// The largest |output - target|.
std::optional<double> compute(const Answers& answers) {
  return double{(answers.outputs - answers.data.targets).cwiseAbs().maxCoeff()};
}

}  // namespace

extern const Metric kMaxError;
const Metric kMaxError{.name = "max_error",
                       .title = "max error",
                       .style = Style::scientific,
                       .task = nn::Task::regression,
                       .compared = false,
                       .compute = compute};

}  // namespace pare::bench
