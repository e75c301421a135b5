#include "bench/accuracy.h"

#include "nn/ends.h"
#include "nn/fast_forward.h"
#include "nn/sums.h"

namespace pare::bench {
namespace {

double top1_percent(const nn::Model& model, const nn::Matrix& outputs, const nn::Matrix& targets) {
  const std::vector<nn::Index> guessed = nn::predicted_classes(model, outputs);
  nn::Index right = 0;
  for (nn::Index i = 0; i < outputs.rows(); ++i) {
    nn::Index expected = 0;
    targets.row(i).maxCoeff(&expected);
    right += guessed[static_cast<std::size_t>(i)] == expected ? 1 : 0;
  }
  return 100 * static_cast<double>(right) / static_cast<double>(outputs.rows());
}

}  // namespace

Accuracy measure_accuracy(const nn::Model& model, const nn::Dataset& data) {
  const nn::Matrix outputs = nn::fast_forward(model, data.inputs);
  if (data.task == nn::Task::classification) {
    return {.mse = {}, .mae = {}, .max_error = {}, .top1 = top1_percent(model, outputs, data.targets)};
  }
  const nn::Matrix errors = (outputs - data.targets).cwiseAbs();
  const auto count = static_cast<double>(errors.size());
  double sum = 0;
  for (const float error : errors.reshaped<Eigen::RowMajor>()) sum += double{error};
  return {.mse = nn::dot(errors.data(), errors.data(), errors.size()) / count,
          .mae = sum / count,
          .max_error = double{errors.maxCoeff()},
          .top1 = {}};
}

}  // namespace pare::bench
