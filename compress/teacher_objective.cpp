#include "compress/teacher_objective.h"

#include <utility>

namespace pare::compress {

TeacherObjective::TeacherObjective(nn::Task task, nn::Matrix teacher_outputs,
                                   std::vector<bool> labelled, double alpha, double temperature)
    : task_(task),
      teacher_(std::move(teacher_outputs)),
      labelled_(std::move(labelled)),
      alpha_(static_cast<float>(alpha)),
      temperature_(task == nn::Task::classification ? static_cast<float>(temperature) : 1) {
  if (task == nn::Task::classification) teacher_ = nn::softmax(teacher_ / temperature_);
}

double TeacherObjective::operator()(const nn::ConstMatrixRef& outputs, const nn::Batch& batch,
                                    nn::MatrixRef gradient) {
  targets_.resize(outputs.rows(), outputs.cols());
  for (nn::Index i = 0; i < outputs.rows(); ++i) {
    targets_.row(i) = teacher_.row(batch.rows[static_cast<std::size_t>(i)]);
  }
  soft_outputs_ = outputs / temperature_;
  soft_gradient_.resize(outputs.rows(), outputs.cols());
  const double soft = nn::loss(task_, soft_outputs_, targets_, soft_gradient_);
  const double hard = labels_loss(outputs, batch, gradient);
  gradient = (1 - alpha_) * gradient + alpha_ * temperature_ * soft_gradient_;
  const auto share = static_cast<double>(alpha_ * temperature_ * temperature_);
  return static_cast<double>(1 - alpha_) * hard + share * soft;
}

/// The loss of the labelled samples, over all samples of the batch, and its gradient.
double TeacherObjective::labels_loss(const nn::ConstMatrixRef& outputs, const nn::Batch& batch,
                                     nn::MatrixRef gradient) const {
  if (labelled_.empty()) return nn::loss(task_, outputs, batch.targets, gradient);
  std::vector<nn::Index> rows;
  for (nn::Index i = 0; i < outputs.rows(); ++i) {
    const nn::Index sample = batch.rows[static_cast<std::size_t>(i)];
    if (labelled_[static_cast<std::size_t>(sample)]) rows.push_back(i);
  }
  const auto count = static_cast<nn::Index>(rows.size());
  if (count == outputs.rows()) return nn::loss(task_, outputs, batch.targets, gradient);
  gradient.setZero();
  if (count == 0) return 0;
  nn::Matrix labels_gradient(count, outputs.cols());
  const double loss = nn::loss(task_, outputs(rows, Eigen::all).eval(),
                               batch.targets(rows, Eigen::all).eval(), labels_gradient);
  const float share = static_cast<float>(count) / static_cast<float>(outputs.rows());
  gradient(rows, Eigen::all) = share * labels_gradient;
  return static_cast<double>(share) * loss;
}

}  // namespace pare::compress
