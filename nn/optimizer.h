#pragma once

#include "nn/model.h"

namespace pare::nn {

/// How a gradient becomes a step.
enum class OptimizerKind : std::uint8_t { sgd, adam };

/// How the learning rate goes over a training run.
enum class Schedule : std::uint8_t { constant, cosine };

/// Steps a flat vector of parameters against its gradient.
/// sgd:  v = momentum v + g;  w -= rate v.  Source: Sutskever et al., ICML 2013, section 2.
/// adam: beta1 0.9, beta2 0.999, epsilon 1e-8, bias-corrected.
///       Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, alg. 1.
class Optimizer {
 public:
  /// For `count` parameters; `momentum` in [0, 1) is used by sgd only.
  Optimizer(OptimizerKind kind, double momentum, Index count);

  /// One update of `parameters` [count] along -`gradient` [count]; allocates nothing.
  void step(Vector& parameters, const Vector& gradient, double rate);

 private:
  OptimizerKind kind_;
  float momentum_;
  Index steps_ = 0;
  Vector velocity_;  // sgd: velocity; adam: first moment
  Vector square_;    // adam: second moment
};

/// The learning rate of step `step` out of `steps`: `base` throughout, or base/2 (1 + cos(pi
/// step/steps)). Source: Loshchilov and Hutter, "SGDR", ICLR 2017, equation 5.
double learning_rate_at(Schedule schedule, double base, Index step, Index steps);

}  // namespace pare::nn
