#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "experiments/sources/source.h"
#include "nn/ends.h"

namespace pare::experiments {
namespace {

void check_sets(const nn::Dataset& train, const nn::Dataset& test, nn::Index count) {
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
}

}  // namespace

nn::Dataset rows_of(const nn::Dataset& data, const std::vector<nn::Index>& rows) {
  nn::Dataset some{data.inputs(rows, Eigen::all),
                   data.targets(rows, Eigen::all),
                   data.task,
                   data.image,
                   data.feature_names,
                   data.class_names};
  if (data.groups.empty()) return some;
  for (const nn::Index row : rows) {
    some.groups.push_back(data.groups[static_cast<std::size_t>(row)]);
  }
  return some;
}

nn::Strata strata_of(const nn::Dataset& data) {
  const bool classes = data.task == nn::Task::classification;
  return {classes ? nn::right_classes(data.targets) : std::vector<nn::Index>(), data.groups};
}

nn::Split split_by_class(const nn::Dataset& train, nn::Dataset test, nn::Index count,
                         std::uint64_t seed) {
  constexpr nn::Index kMostByItself = 10'000;
  check_sets(train, test, count);
  const nn::Index samples = train.inputs.rows();
  if (count == 0) count = std::min((samples + 4) / 5, kMostByItself);
  const auto validation = nn::choose_part(samples, strata_of(train),
                                          static_cast<double>(count) / static_cast<double>(samples),
                                          nn::Random(seed, nn::Stream::validation_split));
  return {rows_of(train, nn::rest_of(samples, validation)), rows_of(train, validation),
          std::move(test)};
}

nn::Split split_off(const nn::Dataset& train, nn::Dataset test, nn::Index count,
                    std::uint64_t seed) {
  check_sets(train, test, count);
  test.targets.conservativeResizeLike(
      nn::Matrix::Zero(test.targets.rows(), train.targets.cols()));  // classes it has none of
  std::vector<nn::Index> order =
      nn::Random(seed, nn::Stream::validation_split).permutation(train.inputs.rows());
  const auto cut = order.begin() + count;
  return {rows_of(train, {cut, order.end()}), rows_of(train, {order.begin(), cut}),
          std::move(test)};
}

}  // namespace pare::experiments
