#pragma once

#include <vector>

#include "nn/train.h"

namespace pare::compress {

/// (1 - alpha) * loss on the labels + alpha * loss on the teacher. The teacher's part is MSE for
/// regression; for classes it is T^2 times the cross-entropy of both softmaxes at temperature T, so
/// that its gradient keeps its size whatever T is. A sample without its label has the teacher's
/// part alone.
/// Source: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", arXiv:1503.02531,
/// 2015, section 2.
class TeacherObjective {
 public:
  /// `teacher_outputs` [samples, outputs] for every sample of the training data, logits for
  /// classes; `labelled`, one a sample, says whose label counts, or is empty for all of them.
  TeacherObjective(nn::Task task, nn::Matrix teacher_outputs, std::vector<bool> labelled,
                   double alpha, double temperature);

  /// An nn::Objective.
  double operator()(const nn::ConstMatrixRef& outputs, const nn::Batch& batch,
                    nn::MatrixRef gradient);

 private:
  double labels_loss(const nn::ConstMatrixRef& outputs, const nn::Batch& batch,
                     nn::MatrixRef gradient) const;

  nn::Task task_;
  nn::Matrix teacher_;  // [samples, outputs]: values, or probabilities at the temperature
  std::vector<bool> labelled_;
  float alpha_;
  float temperature_;
  nn::Matrix targets_;
  nn::Matrix soft_outputs_;
  nn::Matrix soft_gradient_;
};

}  // namespace pare::compress
