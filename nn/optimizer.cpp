#include "nn/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "nn/elementary.h"
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

void Optimizer::update(Index begin, Index end, const Step& step, Vector& parameters,
                       const Vector& gradient) {
  // Plain loops over arrays: compilers vectorize them, and the square root is the exact one, which
  // Eigen approximates in ways that differ between processors.
  float* const p = parameters.data();
  const float* const g = gradient.data();
  float* const velocity = velocity_.data();
  if (step.kept != 1) {
    for (Index i = begin; i < end; ++i) p[i] *= step.kept;
  }
  if (kind_ == OptimizerKind::sgd) {
    for (Index i = begin; i < end; ++i) {
      velocity[i] = momentum_ * velocity[i] + g[i];
      p[i] -= step.rate * velocity[i];
    }
    return;
  }
  float* const square = square_.data();
  for (Index i = begin; i < end; ++i) {
    velocity[i] = kBeta1 * velocity[i] + (1 - kBeta1) * g[i];
    square[i] = kBeta2 * square[i] + (1 - kBeta2) * (g[i] * g[i]);
    p[i] -= step.rate * velocity[i] / (std::sqrt(square[i]) + step.epsilon);
  }
}

void Optimizer::step(Vector& parameters, const Vector& gradient, double rate, Team& team) {
  constexpr Index kBlock = 1024;  // numbers of each kind that are at work in the nearest cache
  Step step{static_cast<float>(rate), 0, static_cast<float>(1 - rate * weight_decay_)};
  if (kind_ == OptimizerKind::adam) {
    power1_ *= double{kBeta1};
    power2_ *= double{kBeta2};
    const double correction1 = 1 - power1_;
    const double correction2 = std::sqrt(1 - power2_);
    step.rate = static_cast<float>(rate * correction2 / correction1);
    step.epsilon = static_cast<float>(kEpsilon * correction2);
  }
  team.run([&](Part part) {
    const auto [begin, end] = part.of(parameters.size(), kBlock);
    for (Index i = begin; i < end; i += kBlock) {
      update(i, std::min(i + kBlock, end), step, parameters, gradient);
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
  return base / 2 * (1 + elementary::cos(std::numbers::pi * progress));
}

}  // namespace pare::nn
