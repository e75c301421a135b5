#include "nn/train.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>

#include "nn/backpropagation.h"
#include "nn/batches.h"
#include "nn/fast_forward.h"
#include "nn/mlp.h"
#include "nn/team.h"

namespace pare::nn {
namespace {

/// Between weights in the user's units and those that training holds, of scaled inputs and targets.
struct WeightScaling {
  const InputScaling& inputs;
  const TargetScaling& targets;
  std::size_t last;  ///< layer

  /// To the user's units.
  void fold(std::size_t layer, MatrixRef weights) const {
    if (layer == 0) weights.array().rowwise() *= inputs.factor.array();
    if (layer == last) weights.array().colwise() *= targets.factor.transpose().array();
  }

  void unfold(std::size_t layer, MatrixRef weights) const {
    if (layer == 0) weights.array().rowwise() /= inputs.factor.array();
    if (layer == last) weights.array().colwise() /= targets.factor.transpose().array();
  }

  bool changes(std::size_t layer) const { return layer == 0 || layer == last; }
};

/// A view speaks of weights in the user's units.
WeightView scaled_view(const WeightView& view, const WeightScaling& scaling) {
  if (!view) return {};
  return [&view, scaling](std::size_t layer, Matrix& weights) {
    scaling.fold(layer, weights);
    view(layer, weights);
    scaling.unfold(layer, weights);
  };
}

/// The same of the gradient: d loss / d (user's weight) = d loss / d (scaled weight) / factor.
GradientView scaled_gradient_view(const GradientView& view, const WeightScaling& scaling) {
  if (!view) return {};
  return [&view, scaling](std::size_t layer, const ConstMatrixRef& weights, MatrixRef gradient,
                          double rate) {
    if (!scaling.changes(layer)) return view(layer, weights, gradient, rate);
    Matrix folded = weights;
    scaling.fold(layer, folded);
    scaling.unfold(layer, gradient);
    view(layer, folded, gradient, rate);
    scaling.fold(layer, gradient);
  };
}

void check_fit(const Model& model, const Dataset& data, const TrainOptions& options) {
  check(model);
  if (arithmetic(model) != Arithmetic::float32) {
    throw std::invalid_argument("only a float32 model can be trained");
  }
  if (data.inputs.rows() == 0 || data.inputs.rows() != data.targets.rows()) {
    throw std::invalid_argument(fmt::format("cannot train on {} inputs with {} targets",
                                            data.inputs.rows(), data.targets.rows()));
  }
  if (data.inputs.cols() != input_count(model) || data.targets.cols() != output_count(model)) {
    throw std::invalid_argument(fmt::format(
        "the data has {} features and {} targets, the model {} inputs and {} outputs",
        data.inputs.cols(), data.targets.cols(), input_count(model), output_count(model)));
  }
  if (options.scale_targets && data.task == Task::regression &&
      std::get<DenseLayer>(model.layers.back()).activation != Activation::identity) {
    throw std::invalid_argument("scale_targets needs a last layer without an activation");
  }
  if (options.batch_size < 1) throw std::invalid_argument("batch_size must be at least 1");
  if (options.threads < 1) throw std::invalid_argument("threads must be at least 1");
}

Objective labels_objective(Task task) {
  return [task](const ConstMatrixRef& outputs, const Batch& batch, MatrixRef gradient) {
    return loss(task, outputs, batch.targets, gradient);
  };
}

double loss_of_zeros(const Objective& objective, const Batch& batch) {
  const Matrix zeros = Matrix::Zero(batch.targets.rows(), batch.targets.cols());
  Matrix gradient(zeros.rows(), zeros.cols());
  return objective(zeros, batch, gradient);
}

/// Targets as the loss sees them: of a regression scaled, of a classification (1 - smoothing) *
/// target + smoothing / classes.
/// Source: Szegedy et al., "Rethinking the Inception Architecture", CVPR 2016, section 7.
Matrix prepare_targets(const Dataset& data, const TargetScaling& scaling, double smoothing) {
  if (data.task == Task::regression) return scale(scaling, data.targets);
  if (smoothing == 0) return data.targets;
  const auto share = static_cast<float>(smoothing);
  const Matrix even = Matrix::Constant(data.targets.rows(), data.targets.cols(),
                                       share / static_cast<float>(data.targets.cols()));
  return (1 - share) * data.targets + even;
}

/// Tells a training that its learning rate has thrown off: the loss is no longer finite, or it grew
/// tenfold and never came back below half of what the answer 0 has for everything. Weights are then
/// huge, and what a model with dead units still learns is its last bias.
class DivergenceCheck {
 public:
  explicit DivergenceCheck(double learning_rate) : learning_rate_(learning_rate) {}

  /// The losses of the answer 0 and of the model on the first batch, before any step.
  void begin(double zeros, double model) {
    zeros_ = zeros;
    first_ = model;
  }

  /// The mean loss of an epoch.
  void see(int epoch, double loss) {
    if (!std::isfinite(loss)) refuse(fmt::format("is not finite after epoch {}", epoch));
    most_ = std::max(most_, loss);
  }

  /// The mean loss of the epoch whose weights are the result.
  void end(double loss) const {
    const bool grew = most_ > 10 * std::max(zeros_, first_);
    if (!grew || loss < zeros_ / 2) return;
    refuse(fmt::format("grew from {:.3g} to {:.3g} and ended at {:.3g}; the answer 0 has {:.3g}",
                       first_, most_, loss, zeros_));
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw std::invalid_argument(
        fmt::format("training diverged: the loss {}; lower learning_rate "
                    "= {}",
                    what, learning_rate_));
  }

  double learning_rate_;
  double zeros_ = 0;
  double first_ = 0;
  double most_ = 0;
};

/// Whether a batch is more work than waking threads for it.
bool worth_sharing(const Model& model, Index batch_size) {
  constexpr Index kLeastMacs = 1 << 20;  // of a forward pass: some 30 us of one core
  return mac_count(model) * batch_size >= kLeastMacs;
}

/// The best model that validation has seen, and when to stop waiting for a better one.
class BestModel {
 public:
  BestModel(const Dataset* validation, const TargetScaling& scaling, const TrainOptions& options)
      : validation_(validation),
        scaling_(scaling),
        keeps_(validation != nullptr && options.keep_best),
        patience_(validation != nullptr ? options.patience : 0) {}

  /// Looks at the model after an epoch with its mean loss; true if training should stop.
  bool judge(const Model& model, double loss) {
    if (!keeps_ && patience_ == 0) return false;
    const double error = prediction_error(model, *validation_, scaling_);
    if (error < best_error_) {
      best_error_ = error;
      waited_ = 0;
      if (keeps_) best_ = model;
      loss_ = loss;
      return false;
    }
    return patience_ > 0 && ++waited_ >= patience_;
  }

  /// The model to return, where it is not the last one.
  const std::optional<Model>& best() const { return best_; }

  /// That of its epoch.
  double loss() const { return loss_; }

  bool looks() const { return keeps_ || patience_ > 0; }

 private:
  const Dataset* validation_;
  const TargetScaling& scaling_;
  bool keeps_;
  int patience_;
  double best_error_ = std::numeric_limits<double>::infinity();
  int waited_ = 0;
  std::optional<Model> best_;
  double loss_ = 0;
};

}  // namespace

InputScaling input_scaling(const Dataset& data, const TrainOptions& options) {
  return options.scale_inputs ? fit_input_scaling(data) : identity_scaling(data.inputs.cols());
}

TargetScaling target_scaling(const Dataset& data, const TrainOptions& options) {
  return options.scale_targets ? fit_target_scaling(data)
                               : identity_target_scaling(data.targets.cols());
}

double prediction_error(const Model& model, const Dataset& data) {
  return prediction_error(model, data, identity_target_scaling(data.targets.cols()));
}

double prediction_error(const Model& model, const Dataset& data, const TargetScaling& scaling) {
  const Matrix outputs = fast_forward(model, data.inputs);
  if (data.task == Task::regression) {
    double squares = 0;
    for (Index i = 0; i < outputs.rows(); ++i) {
      for (Index k = 0; k < outputs.cols(); ++k) {
        const double error =
            (double{outputs(i, k)} - double{data.targets(i, k)}) / double{scaling.factor[k]};
        squares += error * error;
      }
    }
    return squares / static_cast<double>(outputs.size());
  }
  Index wrong = 0;
  for (Index i = 0; i < outputs.rows(); ++i) {
    Index guessed = 0;
    Index expected = 0;
    outputs.row(i).maxCoeff(&guessed);
    data.targets.row(i).maxCoeff(&expected);
    wrong += guessed == expected ? 0 : 1;
  }
  return static_cast<double>(wrong) / static_cast<double>(outputs.rows());
}

WeightView keep_zeros(const Model& model) {
  std::vector<Matrix> masks;
  for (const Layer& layer : model.layers) {
    masks.emplace_back((std::get<DenseLayer>(layer).weights.array() != 0).cast<float>());
  }
  return [masks = std::move(masks)](std::size_t layer, Matrix& weights) {
    weights.array() *= masks[layer].array();
  };
}

Model train(Model model, const Dataset& data, const TrainOptions& options, std::uint64_t seed,
            const TrainHooks& hooks) {
  check_fit(model, data, options);
  const InputScaling scaling = input_scaling(data, options);
  const TargetScaling of_targets = target_scaling(data, options);
  const Matrix scaled = options.scale_inputs ? scale(scaling, data.inputs) : Matrix();
  const Matrix& inputs = options.scale_inputs ? scaled : data.inputs;
  unfold(scaling, std::get<DenseLayer>(model.layers.front()));
  unfold(of_targets, std::get<DenseLayer>(model.layers.back()));
  const WeightScaling of_weights{scaling, of_targets, model.layers.size() - 1};

  const Objective objective = hooks.objective ? hooks.objective : labels_objective(data.task);
  const Matrix targets = prepare_targets(data, of_targets, options.label_smoothing);
  Batches batches(inputs, targets, data.image, scaling.offset, options, seed);
  Team team(worth_sharing(model, batches.size()) ? options.threads : 1);
  Backpropagation network(model, batches.size(), scaled_view(hooks.view, of_weights),
                          {options.dropout, seed}, team);
  const GradientView gradient_view = scaled_gradient_view(hooks.gradient_view, of_weights);
  Optimizer optimizer(options.optimizer, options.momentum, options.weight_decay,
                      network.parameters().size());
  const auto snapshot = [&] {
    network.store(model);
    fold(scaling, std::get<DenseLayer>(model.layers.front()));
    fold(of_targets, std::get<DenseLayer>(model.layers.back()));
  };
  BestModel best(hooks.validation, of_targets, options);
  const RateSchedule rate{options.schedule, options.learning_rate, options.epochs * batches.count(),
                          options.warmup_epochs * batches.count()};
  DivergenceCheck divergence(options.learning_rate);
  double mean = 0;  // loss of the last epoch
  Index step = 0;
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    batches.shuffle();
    double total = 0;
    for (Index i = 0; i < batches.count(); ++i, ++step) {
      const Batch batch = batches.gather(i);
      const double loss = network.compute_gradient(batch, objective);
      if (step == 0) divergence.begin(loss_of_zeros(objective, batch), loss);
      total += loss * static_cast<double>(batch.rows.size());
      if (gradient_view) network.edit_gradient(gradient_view, rate.at(step));
      optimizer.step(network.parameters(), network.gradient(), rate.at(step), team);
    }
    mean = total / static_cast<double>(inputs.rows());
    divergence.see(epoch, mean);
    if (hooks.on_epoch) hooks.on_epoch(epoch, mean);
    if (!best.looks()) continue;
    snapshot();
    if (best.judge(model, mean)) break;
  }
  divergence.end(best.best() ? best.loss() : mean);
  if (best.best()) return *best.best();
  snapshot();
  return model;
}

Model train_new(const std::vector<Index>& hidden, Activation activation, const Dataset& data,
                const TrainOptions& options, std::uint64_t seed, const TrainHooks& hooks) {
  std::vector<Index> widths{data.inputs.cols()};
  widths.insert(widths.end(), hidden.begin(), hidden.end());
  widths.push_back(data.targets.cols());
  Model model = make_mlp(widths, activation, seed);
  fold(input_scaling(data, options), std::get<DenseLayer>(model.layers.front()));
  fold(target_scaling(data, options), std::get<DenseLayer>(model.layers.back()));
  return train(std::move(model), data, options, seed, hooks);
}

}  // namespace pare::nn
