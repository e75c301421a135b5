#include "nn/optimizer.h"

#include <cmath>
#include <numbers>

namespace pare::nn {

Optimizer::Optimizer(OptimizerKind kind, double momentum, Index count)
    : kind_(kind),
      momentum_(static_cast<float>(momentum)),
      velocity_(Vector::Zero(count)),
      square_(Vector::Zero(kind == OptimizerKind::adam ? count : 0)) {}

void Optimizer::step(Vector& parameters, const Vector& gradient, double rate) {
  if (kind_ == OptimizerKind::sgd) {
    velocity_ = momentum_ * velocity_ + gradient;
    parameters -= static_cast<float>(rate) * velocity_;
    return;
  }
  constexpr float kBeta1 = 0.9F;
  constexpr float kBeta2 = 0.999F;
  constexpr double kEpsilon = 1e-8;
  ++steps_;
  const auto t = static_cast<double>(steps_);
  const double correction1 = 1 - std::pow(double{kBeta1}, t);
  const double correction2 = std::sqrt(1 - std::pow(double{kBeta2}, t));
  const auto scale = static_cast<float>(rate * correction2 / correction1);
  const auto epsilon = static_cast<float>(kEpsilon * correction2);
  velocity_ = kBeta1 * velocity_ + (1 - kBeta1) * gradient;
  square_ = kBeta2 * square_ + (1 - kBeta2) * gradient.cwiseAbs2();
  parameters.array() -= scale * velocity_.array() / (square_.array().sqrt() + epsilon);
}

double learning_rate_at(Schedule schedule, double base, Index step, Index steps) {
  if (schedule == Schedule::constant) return base;
  const double progress = static_cast<double>(step) / static_cast<double>(steps);
  return base / 2 * (1 + std::cos(std::numbers::pi * progress));
}

}  // namespace pare::nn
