#include "nn/rounding_bound.h"

#include <cmath>
#include <limits>

namespace pare::nn {
namespace {

constexpr double kUnit = 0x1p-24;

/// A bound for tanh and sigmoid as libraries compute them, whose values are at most 1: four units
/// in the last place.
constexpr double kFunctionError = 8 * kUnit;

double value_of(Activation activation, double x) {
  switch (activation) {
    case Activation::relu:
      return std::max(x, 0.0);
    case Activation::tanh:
      return std::tanh(x);
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-x));
    case Activation::identity:
      break;
  }
  return x;
}

double error_of(Activation activation, double error) {
  switch (activation) {
    case Activation::tanh:
      return error + kFunctionError;
    case Activation::sigmoid:
      return error / 4 + kFunctionError;
    case Activation::relu:
    case Activation::identity:
      break;
  }
  return error;
}

}  // namespace

Eigen::MatrixXd rounding_bound(const Model& model, const Matrix& inputs) {
  Eigen::MatrixXd values = inputs.cast<double>();
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
    errors = errors.unaryExpr([&](double e) { return error_of(layer.activation, e); }).eval();
    values = ((values * weights).rowwise() + bias).eval();
    values = values.unaryExpr([&](double x) { return value_of(layer.activation, x); }).eval();
  }
  return errors;
}

}  // namespace pare::nn
