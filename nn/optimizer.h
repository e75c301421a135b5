#pragma once

#include "nn/model.h"

namespace pare::nn {

class Team;

/// How a gradient becomes a step.
enum class OptimizerKind : std::uint8_t { sgd, adam };

/// How the learning rate goes over a training run.
enum class Schedule : std::uint8_t { constant, cosine };

/// Steps a flat vector of parameters against its gradient; before that, weight decay shrinks them
/// by rate * decay. Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR
/// 2019. sgd:  v = momentum v + g;  w -= rate v.  Source: Sutskever et al., ICML 2013, section 2.
/// adam: beta1 0.9, beta2 0.999, epsilon 1e-8, bias-corrected.
///       Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, alg. 1.
class Optimizer {
 public:
  /// For `count` parameters; `momentum` in [0, 1) is used by sgd only.
  Optimizer(OptimizerKind kind, double momentum, double weight_decay, Index count);

  /// One update of `parameters` [count] along -`gradient` [count], a part in each thread; allocates
  /// nothing.
  void step(Vector& parameters, const Vector& gradient, double rate, Team& team);

 private:
  /// The numbers of one step.
  struct Step {
    float rate;
    float epsilon;
    float kept;  // by weight decay
  };
  void update(Index begin, Index end, const Step& step, Vector& parameters, const Vector& gradient);

  OptimizerKind kind_;
  float momentum_;
  double weight_decay_;
  double power1_ = 1;  // adam: beta1 and beta2 to the power of the steps so far
  double power2_ = 1;
  Vector velocity_;  // sgd: velocity; adam: first moment
  Vector square_;    // adam: second moment
};

/// The learning rate over a run: it rises linearly from 0 over the warm-up, then stays at its base,
/// or falls to 0 as base/2 (1 + cos(pi t)), t from 0 to 1 over the steps that are left.
/// Source: Loshchilov and Hutter, "SGDR", ICLR 2017, equation 5; Goyal et al., "Accurate, Large
/// Minibatch SGD", 2017, section 2.2 (warm-up).
struct RateSchedule {
  Schedule schedule;
  double base;
  Index steps;             ///< of the whole run
  Index warmup_steps = 0;  ///< of them, at most all

  /// At step `step`, from 0 to steps - 1.
  double at(Index step) const;
};

}  // namespace pare::nn
