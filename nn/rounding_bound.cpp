#include "nn/rounding_bound.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "nn/activation.h"
#include "nn/ends.h"

namespace pare::nn {
namespace {

constexpr double kUnit = 0x1p-24;

/// A bound for functions that are no more than a choice, as libraries compute them: four units in
/// the last place of 1, or of the value where that is larger.
constexpr double kFunctionError = 8 * kUnit;

/// What an activation makes of an error that its argument has, its own rounding included. `value`
/// is its value.
double error_of(const ActivationInfo& info, float alpha, double error, double value) {
  const double passed_on = double{std::max(info.steepest, alpha)} * error;
  return info.exact ? passed_on : passed_on + kFunctionError * std::max(1.0, std::abs(value));
}

/// A sample's values on their way through the layers, and how far each may be off.
struct Sample {
  std::vector<double> values;
  std::vector<double> errors;
};

/// The sample behind a layer.
Sample behind(const DenseLayer& layer, const Sample& before) {
  const ActivationFunction& function = layer.activation.function();
  const float alpha = layer.activation.alpha;
  const double terms = static_cast<double>(layer.weights.cols()) + 1;
  const double growth = terms * kUnit / (1 - terms * kUnit);
  const double underflow = terms * double{std::numeric_limits<float>::denorm_min()};
  Sample after;
  for (Index row = 0; row < layer.weights.rows(); ++row) {
    double value = double{layer.bias[row]};
    double magnitude = std::abs(value);
    double passed_on = 0;
    for (Index i = 0; i < layer.weights.cols(); ++i) {
      const auto place = static_cast<std::size_t>(i);
      const double weight = double{layer.weights(row, i)};
      value += weight * before.values[place];
      magnitude += std::abs(weight) * (std::abs(before.values[place]) + before.errors[place]);
      passed_on += std::abs(weight) * before.errors[place];
    }
    after.values.push_back(function.value(value, double{alpha}));
    after.errors.push_back(error_of(
        function.info, alpha, growth * magnitude + passed_on + underflow, after.values.back()));
  }
  return after;
}

/// What the ends make of the errors of a sample's outputs.
void pass_ends(const Outputs& ends, std::vector<double>& errors) {
  for (std::size_t k = 0; k < errors.size() && ends.factor.size() != 0; ++k) {
    errors[k] *= std::abs(double{ends.factor[static_cast<Index>(k)]});
  }
  if (ends.meaning != Meaning::probabilities && ends.meaning != Meaning::log_probabilities) return;
  // Both change by no more than twice the largest change of a logit.
  const double largest = *std::max_element(errors.begin(), errors.end());
  std::fill(errors.begin(), errors.end(), 2 * largest + kFunctionError);
}

}  // namespace

Eigen::MatrixXd rounding_bound(const Model& model, const Matrix& inputs) {
  const Matrix seen = seen_inputs(model.inputs, inputs);
  Eigen::MatrixXd bound(inputs.rows(), output_count(model));
  for (Index i = 0; i < seen.rows(); ++i) {
    Sample sample{{seen.row(i).begin(), seen.row(i).end()},
                  std::vector<double>(static_cast<std::size_t>(seen.cols()))};
    for (const Layer& layer : model.layers) sample = behind(std::get<DenseLayer>(layer), sample);
    pass_ends(model.outputs, sample.errors);
    for (Index k = 0; k < bound.cols(); ++k)
      bound(i, k) = sample.errors[static_cast<std::size_t>(k)];
  }
  return bound;
}

}  // namespace pare::nn
