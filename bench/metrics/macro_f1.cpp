#include <cmath>

#include "bench/confusion.h"

namespace pare::bench {
namespace {

/// The mean over the classes of 2 * precision * recall / (precision + recall), which is 0 where no
/// sample of a class was found. Nothing where a class has no sample.
/// Source: Sokolova and Lapalme, "A Systematic Analysis of Performance Measures for Classification
/// Tasks", Information Processing and Management 45, 2009, table 3.
std::optional<double> compute(const Answers& answers) {
  const Eigen::MatrixXd confusions = count_confusions(answers);
  if (confusions.rowwise().sum().minCoeff() == 0) return std::nullopt;
  const Eigen::ArrayXd recall = recalls(confusions);
  const Eigen::ArrayXd precision = precisions(confusions);
  double sum = 0;
  for (nn::Index k = 0; k < recall.size(); ++k) {
    if (recall[k] > 0) sum += 2 * precision[k] * recall[k] / (precision[k] + recall[k]);
  }
  return sum / static_cast<double>(recall.size());
}

}  // namespace

extern const Metric kMacroF1;
const Metric kMacroF1{.name = "macro_f1",
                      .title = "",
                      .style = Style::fixed3,
                      .task = nn::Task::classification,
                      .compute = compute};

}  // namespace pare::bench
