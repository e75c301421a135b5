#include "bench/confusion.h"

namespace pare::bench {
namespace {

/// The mean of the classes' recalls, in percent. Nothing where the classes are about as frequent as
/// each other, since it is top-1 then, or where one has no sample.
/// Source: Brodersen, Ong, Stephan, Buhmann, "The Balanced Accuracy and Its Posterior
/// Distribution", ICPR 2010, section 2.
std::optional<double> compute(const Answers& answers) {
  constexpr double kUneven = 1.5;  // times as many samples of one class as of another
  const Eigen::MatrixXd confusions = count_confusions(answers);
  const Eigen::VectorXd samples = confusions.rowwise().sum();
  if (samples.minCoeff() == 0 || samples.maxCoeff() < kUneven * samples.minCoeff()) {
    return std::nullopt;
  }
  double sum = 0;
  for (const double recall : recalls(confusions)) sum += recall;
  return 100 * sum / static_cast<double>(samples.size());
}

}  // namespace

extern const Metric kBalanced;
const Metric kBalanced{.name = "balanced",
                       .title = "balanced %",
                       .style = Style::fixed2,
                       .task = nn::Task::classification,
                       .compute = compute};

}  // namespace pare::bench
