#include "bench/accuracy.h"

#include "nn/fast_forward.h"

namespace pare::bench {
namespace {

double top1_percent(const nn::Matrix& outputs, const nn::Matrix& targets) {
  nn::Index right = 0;
  for (nn::Index i = 0; i < outputs.rows(); ++i) {
    nn::Index guessed = 0;
    nn::Index expected = 0;
    outputs.row(i).maxCoeff(&guessed);
    targets.row(i).maxCoeff(&expected);
    right += guessed == expected ? 1 : 0;
  }
  return 100 * static_cast<double>(right) / static_cast<double>(outputs.rows());
}

}  // namespace

Accuracy measure_accuracy(const nn::Model& model, const nn::Dataset& data) {
  const nn::Matrix outputs = nn::fast_forward(model, data.inputs);
  if (data.task == nn::Task::classification) {
    return {.mse = {}, .mae = {}, .max_error = {}, .top1 = top1_percent(outputs, data.targets)};
  }
  const Eigen::MatrixXd errors = (outputs - data.targets).cast<double>();
  return {.mse = errors.squaredNorm() / static_cast<double>(errors.size()),
          .mae = errors.cwiseAbs().mean(),
          .max_error = errors.cwiseAbs().maxCoeff(),
          .top1 = {}};
}

}  // namespace pare::bench
