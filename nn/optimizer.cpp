#include "nn/optimizer.h"

#include <cmath>
#include <numbers>

namespace pare::nn {

Optimizer::Optimizer(OptimizerKind kind, double momentum, double weight_decay, Index count)
    : kind_(kind),
      momentum_(static_cast<float>(momentum)),
      weight_decay_(weight_decay),
      velocity_(Vector::Zero(count)),
      square_(Vector::Zero(kind == OptimizerKind::adam ? count : 0)) {}

void Optimizer::step(Vector& parameters, const Vector& gradient, double rate) {
  if (weight_decay_ > 0) parameters *= static_cast<float>(1 - rate * weight_decay_);
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

double RateSchedule::at(Index step) const {
  if (step < warmup_steps) {
    return base * static_cast<double>(step + 1) / static_cast<double>(warmup_steps);
  }
  if (schedule == Schedule::constant) return base;
  const double progress =
      static_cast<double>(step - warmup_steps) / static_cast<double>(steps - warmup_steps);
  return base / 2 * (1 + std::cos(std::numbers::pi * progress));
}

}  // namespace pare::nn
