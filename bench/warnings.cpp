#include "bench/warnings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "nn/ends.h"
#include "nn/forward.h"

namespace pare::bench {
namespace {

constexpr double kFewSteps = 8;
constexpr std::size_t kListed = 4;

double range_of(const nn::Matrix& values, nn::Index column) {
  return double{values.col(column).maxCoeff()} - double{values.col(column).minCoeff()};
}

/// Features that vary, but over few steps of the input quantization.
std::string coarse_features(const nn::Quantization& input, const nn::Dataset& train) {
  if (train.image.height > 0) return {};
  struct Coarse {
    double steps;
    std::string name;
  };
  std::vector<Coarse> coarse;
  for (nn::Index k = 0; k < train.inputs.cols(); ++k) {
    const double steps = range_of(train.inputs, k) / double{input.scale};
    if (steps > 0 && steps < kFewSteps) coarse.push_back({steps, nn::feature_name(train, k)});
  }
  if (coarse.empty()) return {};
  std::stable_sort(coarse.begin(), coarse.end(),
                   [](const Coarse& a, const Coarse& b) { return a.steps < b.steps; });
  std::vector<std::string> listed;
  for (const Coarse& one : coarse) {
    if (listed.size() < kListed) listed.push_back(fmt::format("{} {:.2g}", one.name, one.steps));
  }
  if (coarse.size() > kListed) listed.emplace_back("...");
  return fmt::format(
      "int8 inputs share one step of {:.3g}, and {} of {} features span fewer than {} steps, so "
      "that the model hardly sees them: {}; bring the features to like ranges around 0, such as -1 "
      "to 1",
      input.scale, coarse.size(), train.inputs.cols(), kFewSteps, fmt::join(listed, ", "));
}

/// Targets that vary over few steps of the output quantization.
std::string coarse_targets(const nn::Quantization& output, const nn::Dataset& train) {
  for (nn::Index k = 0; k < train.targets.cols(); ++k) {
    const double range = range_of(train.targets, k);
    const double steps = range / double{output.scale};
    if (!(steps > 0 && steps < kFewSteps)) continue;
    return fmt::format(
        "int8 outputs have steps of {:.3g}, since their range holds 0, and the targets, {:g} to "
        "{:g}, span {:.2g} of them; predict the distance from their mean, such as {:.4g}",
        output.scale, train.targets.col(k).minCoeff(), train.targets.col(k).maxCoeff(), steps,
        train.targets.col(k).cast<double>().mean());
  }
  return {};
}

/// The mean squared error on `test` of the mean of the training targets.
double error_of_mean(const nn::Dataset& train, const nn::Dataset& test) {
  const Eigen::RowVectorXd mean = train.targets.cast<double>().colwise().mean();
  return (test.targets.cast<double>().rowwise() - mean).squaredNorm() /
         static_cast<double>(test.targets.size());
}

/// The percentage of `test` that is of the class most frequent in `train`.
double share_of_largest(const nn::Dataset& train, const nn::Dataset& test) {
  nn::Index largest = 0;
  train.targets.cast<double>().colwise().sum().maxCoeff(&largest);
  const std::vector<nn::Index> right = nn::right_classes(test.targets);
  const auto count = std::count(right.begin(), right.end(), largest);
  return 100 * static_cast<double>(count) / static_cast<double>(test.targets.rows());
}

std::string no_better_than_constant(const nn::Dataset& train, const nn::Dataset& test,
                                    const Row& row) {
  if (const Number mse = row.score("mse")) {
    const double constant = error_of_mean(train, test);
    if (constant > 0 && *mse >= constant) {
      return fmt::format("MSE {:.3g} is no better than that of the targets' mean, {:.3g}", *mse,
                         constant);
    }
  }
  if (const Number top1 = row.score("top1")) {
    const double constant = share_of_largest(train, test);
    if (*top1 <= constant && constant < 100) {
      return fmt::format("top-1 {:.2f} % is no better than always the same class, {:.2f} %", *top1,
                         constant);
    }
  }
  return {};
}

}  // namespace

std::string find_warnings(const nn::Model& model, const nn::Dataset& train, const nn::Dataset& test,
                          const Row& row) {
  std::vector<std::string> warnings;
  if (nn::arithmetic(model) == nn::Arithmetic::int8) {
    const auto seen = nn::between_ends(train, model);
    warnings.push_back(coarse_features(nn::input_quantization(model), *seen));
    if (train.task == nn::Task::regression) {
      warnings.push_back(coarse_targets(nn::output_quantization(model), *seen));
    }
  }
  warnings.push_back(no_better_than_constant(train, test, row));
  std::erase(warnings, "");
  return fmt::format("{}", fmt::join(warnings, "; "));
}

}  // namespace pare::bench
