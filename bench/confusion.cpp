#include "bench/confusion.h"

#include "nn/ends.h"

namespace pare::bench {

Eigen::MatrixXd count_confusions(const Answers& answers) {
  const std::vector<nn::Index> predicted = nn::predicted_classes(answers.model, answers.outputs);
  const std::vector<nn::Index> right = nn::right_classes(answers.data.targets);
  const nn::Index classes = answers.data.targets.cols();
  Eigen::MatrixXd confusions = Eigen::MatrixXd::Zero(classes, classes);
  for (std::size_t i = 0; i < predicted.size(); ++i) confusions(right[i], predicted[i]) += 1;
  return confusions;
}

Eigen::VectorXd recalls(const Eigen::MatrixXd& confusions) {
  return confusions.diagonal().array() / confusions.rowwise().sum().array();
}

Eigen::VectorXd precisions(const Eigen::MatrixXd& confusions) {
  return confusions.diagonal().array() / confusions.colwise().sum().transpose().array();
}

}  // namespace pare::bench
