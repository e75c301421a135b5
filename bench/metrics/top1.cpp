#include "bench/metrics/metric.h"
#include "nn/ends.h"
namespace pare::bench {
namespace {

/// The percentage of samples whose predicted class is right.
std::optional<double> compute(const Answers& answers) {
  const std::vector<nn::Index> guessed = nn::predicted_classes(answers.model, answers.outputs);
  const nn::Matrix& targets = answers.data.targets;
  nn::Index right = 0;
  for (nn::Index i = 0; i < targets.rows(); ++i) {
    nn::Index expected = 0;
    targets.row(i).maxCoeff(&expected);
    right += guessed[static_cast<std::size_t>(i)] == expected ? 1 : 0;
  }
  return 100 * static_cast<double>(right) / static_cast<double>(targets.rows());
}

}  // namespace

extern const Metric kTop1;
const Metric kTop1{.name = "top1",
                   .title = "top-1 %",
                   .style = Style::fixed2,
                   .task = nn::Task::classification,
                   .compared = true,
                   .compute = compute};

}  // namespace pare::bench
