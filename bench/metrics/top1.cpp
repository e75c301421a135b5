#include "bench/metrics/metric.h"
#include "nn/ends.h"
namespace pare::bench {
namespace {

/// The percentage of samples whose predicted class is right.
std::optional<double> compute(const Answers& answers) {
  const std::vector<nn::Index> guessed = nn::predicted_classes(answers.model, answers.outputs);
  const std::vector<nn::Index> expected = nn::right_classes(answers.data.targets);
  nn::Index right = 0;
  for (std::size_t i = 0; i < guessed.size(); ++i) right += guessed[i] == expected[i] ? 1 : 0;
  return 100 * static_cast<double>(right) / static_cast<double>(guessed.size());
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
