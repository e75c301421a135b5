#include "nn/rounding_bound.h"

#include <algorithm>
#include <cmath>
#include <limits>

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

}  // namespace

Eigen::MatrixXd rounding_bound(const Model& model, const Matrix& inputs) {
  Eigen::MatrixXd values = seen_inputs(model.inputs, inputs).cast<double>();
  Eigen::MatrixXd errors = Eigen::MatrixXd::Zero(inputs.rows(), inputs.cols());
  for (const Layer& variant : model.layers) {
    const auto& layer = std::get<DenseLayer>(variant);
    const Eigen::MatrixXd weights = layer.weights.cast<double>().transpose();  // [inputs, outputs]
    const Eigen::RowVectorXd bias = layer.bias.cast<double>().transpose();
    const double terms = static_cast<double>(weights.rows()) + 1;
    const double growth = terms * kUnit / (1 - terms * kUnit);
    const double underflow = terms * double{std::numeric_limits<float>::denorm_min()};
    const Eigen::MatrixXd magnitudes =
        ((values.cwiseAbs() + errors) * weights.cwiseAbs()).rowwise() + bias.cwiseAbs();
    const Eigen::MatrixXd passed_on = errors * weights.cwiseAbs();
    errors = (growth * magnitudes + passed_on).array() + underflow;
    const ActivationFunction& function = layer.activation.function();
    const float alpha = layer.activation.alpha;
    values = ((values * weights).rowwise() + bias).eval();
    values = values.unaryExpr([&](double x) { return function.value(x, double{alpha}); }).eval();
    const auto error_at = [&](double e, double y) { return error_of(function.info, alpha, e, y); };
    errors = errors.binaryExpr(values, error_at).eval();
  }
  if (model.outputs.factor.size() != 0) {
    errors.array().rowwise() *= model.outputs.factor.array().abs().cast<double>();
  }
  if (model.outputs.meaning == Meaning::probabilities ||
      model.outputs.meaning == Meaning::log_probabilities) {
    // Both change by no more than twice the largest change of a logit.
    errors.colwise() = (2 * errors.rowwise().maxCoeff().array() + kFunctionError).matrix().eval();
  }
  return errors;
}

}  // namespace pare::nn
