#include "nn/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "nn/team.h"

namespace pare::nn {
namespace {

constexpr float kBeta1 = 0.9F;
constexpr float kBeta2 = 0.999F;
constexpr double kEpsilon = 1e-8;

}  // namespace

Optimizer::Optimizer(OptimizerKind kind, double momentum, double weight_decay, Index count)
    : kind_(kind),
      momentum_(static_cast<float>(momentum)),
      weight_decay_(weight_decay),
      velocity_(Vector::Zero(count)),
      square_(Vector::Zero(kind == OptimizerKind::adam ? count : 0)) {}

void Optimizer::update(Eigen::Ref<Vector> parameters, const Eigen::Ref<const Vector>& gradient,
                       const Step& step, Index begin) {
  if (step.kept != 1) parameters *= step.kept;
  auto velocity = velocity_.segment(begin, parameters.size());
  if (kind_ == OptimizerKind::sgd) {
    velocity = momentum_ * velocity + gradient;
    parameters -= step.rate * velocity;
    return;
  }
  auto square = square_.segment(begin, parameters.size());
  velocity = kBeta1 * velocity + (1 - kBeta1) * gradient;
  square = kBeta2 * square + (1 - kBeta2) * gradient.cwiseAbs2();
  parameters.array() -= step.rate * velocity.array() / (square.array().sqrt() + step.epsilon);
}

void Optimizer::step(Vector& parameters, const Vector& gradient, double rate, Team& team) {
  constexpr Index kBlock = 1024;  // numbers of each kind that are at work in the nearest cache
  Step step{static_cast<float>(rate), 0, static_cast<float>(1 - rate * weight_decay_)};
  if (kind_ == OptimizerKind::adam) {
    const auto t = static_cast<double>(++steps_);
    const double correction1 = 1 - std::pow(double{kBeta1}, t);
    const double correction2 = std::sqrt(1 - std::pow(double{kBeta2}, t));
    step.rate = static_cast<float>(rate * correction2 / correction1);
    step.epsilon = static_cast<float>(kEpsilon * correction2);
  }
  team.run([&](Part part) {
    const auto [begin, end] = part.of(parameters.size(), kBlock);
    for (Index i = begin; i < end; i += kBlock) {
      const Index count = std::min(kBlock, end - i);
      update(parameters.segment(i, count), gradient.segment(i, count), step, i);
    }
  });
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
