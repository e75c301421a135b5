#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "experiments/sources/source.h"
#include "nn/random.h"

namespace pare::experiments {
namespace {

nn::Dataset rows_of(const nn::Dataset& data, const std::vector<nn::Index>& rows) {
  return {data.inputs(rows, Eigen::all),
          data.targets(rows, Eigen::all),
          data.task,
          data.image,
          data.feature_names,
          data.class_names};
}

}  // namespace

nn::Split split_off(const nn::Dataset& train, nn::Dataset test, nn::Index count,
                    std::uint64_t seed) {
  if (count >= train.inputs.rows()) {
    throw std::invalid_argument(
        fmt::format("validation_samples = {} leaves nothing of {} training samples", count,
                    train.inputs.rows()));
  }
  if (train.inputs.cols() != test.inputs.cols() || train.targets.cols() < test.targets.cols()) {
    throw std::invalid_argument(fmt::format(
        "the test set has {} features and {} targets, the training set {} and {}",
        test.inputs.cols(), test.targets.cols(), train.inputs.cols(), train.targets.cols()));
  }
  test.targets.conservativeResizeLike(
      nn::Matrix::Zero(test.targets.rows(), train.targets.cols()));  // classes it has none of
  std::vector<nn::Index> order =
      nn::Random(seed, nn::Stream::validation_split).permutation(train.inputs.rows());
  const auto cut = order.begin() + count;
  return {rows_of(train, {cut, order.end()}), rows_of(train, {order.begin(), cut}),
          std::move(test)};
}

}  // namespace pare::experiments
