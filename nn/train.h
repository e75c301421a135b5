#pragma once

#include <functional>
#include <span>

#include "nn/dataset.h"
#include "nn/input_scaling.h"
#include "nn/loss.h"
#include "nn/optimizer.h"
#include "nn/target_scaling.h"

namespace pare::nn {

/// One step's samples, gathered; `rows` are their places in the training data.
struct Batch {
  ConstMatrixRef inputs;   ///< [batch, features], scaled as training sees them
  ConstMatrixRef targets;  ///< [batch, outputs], scaled likewise
  std::span<const Index> rows;
};

/// What training lowers: returns the loss of `outputs` [batch, outputs], scaled as the batch's
/// targets are, and writes its gradient with respect to them. Labels, a teacher's outputs, or a
/// blend.
using Objective =
    std::function<double(const ConstMatrixRef& outputs, const Batch& batch, MatrixRef gradient)>;

/// What the forward pass sees in place of a layer's weights, edited in place; the gradient goes
/// straight to the weights themselves. Kept zeros, fake quantization and weight sharing are views.
using WeightView = std::function<void(std::size_t layer, Matrix& weights)>;

/// What becomes of the gradient with respect to the weights that the view showed, edited in place
/// before each step; what is left steps `weights`, which are as they were before the view. `rate`
/// is the step's learning rate. Both are [outputs, inputs].
using GradientView = std::function<void(std::size_t layer, const ConstMatrixRef& weights,
                                        MatrixRef gradient, double rate)>;

/// How wrong a model is on `data`: for regression the mean squared error in the units of the scaled
/// targets, for classification the fraction of samples whose largest output is another class's.
double prediction_error(const Model& model, const Dataset& data, const TargetScaling& scaling);
/// The same in the user's units.
double prediction_error(const Model& model, const Dataset& data);

/// The view under which every weight that is 0 in `model` (float32) stays 0.
WeightView keep_zeros(const Model& model);

struct TrainOptions {
  int epochs = 100;       ///< passes over the training data, >= 0
  Index batch_size = 64;  ///< samples, >= 1; the last batch of an epoch may be smaller
  OptimizerKind optimizer = OptimizerKind::adam;
  double learning_rate = 0.01;  ///< > 0
  double momentum = 0.9;        ///< of sgd, in [0, 1)
  Schedule schedule = Schedule::cosine;
  /// Train on features mapped from their range in the training data to [-1, 1]; the mapping is
  /// folded into the first layer, so that the model still takes the user's own units.
  bool scale_inputs = true;
  /// Train on targets of mean 0 and standard deviation 1 (regression); folded into the last layer.
  /// The loss that training reports is that of the scaled targets.
  bool scale_targets = true;
  double dropout = 0;          ///< share of hidden activations set to 0 while training, in [0, 1)
  double weight_decay = 0;     ///< decoupled: each step shrinks parameters by rate * decay
  double label_smoothing = 0;  ///< share of a class's target spread over all classes, in [0, 1)
  int warmup_epochs = 0;       ///< over which the rate rises from 0 to learning_rate
  bool flip = false;           ///< mirror images left to right at random
  Index shift = 0;             ///< pixels that images move at random, at most, each way
  int patience = 0;        ///< epochs without a better validation error before stopping; 0 never
  bool keep_best = false;  ///< return the weights of the best validation error, not the last
  int threads = 1;         ///< that share the work of a batch, >= 1; they change no result
};

/// What training with `options` makes of the inputs and targets of `data`.
InputScaling input_scaling(const Dataset& data, const TrainOptions& options);
TargetScaling target_scaling(const Dataset& data, const TrainOptions& options);

/// What to train besides the plain recipe; every member has a working default.
struct TrainHooks {
  Objective objective;                  ///< default: the loss of the data's task on its targets
  WeightView view;                      ///< default: the weights as they are
  GradientView gradient_view = {};      ///< default: the gradient as it is
  const Dataset* validation = nullptr;  ///< for patience and keep_best, which need it
  /// Called after each epoch with its number, from 1, and the mean loss of its batches.
  std::function<void(int epoch, double loss)> on_epoch;
};

/// `model` (float32) trained on `data` by mini-batches in an order that `seed` fixes; its weights
/// are as the view shows them. Throws std::invalid_argument on an int8 model, sizes that do not
/// fit, or a training that diverged.
Model train(Model model, const Dataset& data, const TrainOptions& options, std::uint64_t seed,
            const TrainHooks& hooks = {});

/// A new model of `hidden` widths between the data's features and its targets, trained as above.
Model train_new(const std::vector<Index>& hidden, Activation activation, const Dataset& data,
                const TrainOptions& options, std::uint64_t seed, const TrainHooks& hooks = {});

}  // namespace pare::nn
