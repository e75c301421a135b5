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
#include "nn/input_scaling.h"
#include "nn/mlp.h"
#include "nn/team.h"

namespace pare::nn {
namespace {

InputScaling scaling_of(const Dataset& data, const TrainOptions& options) {
  return options.scale_inputs ? fit_input_scaling(data.inputs)
                              : identity_scaling(data.inputs.cols());
}

/// A view speaks of weights in the user's units; training holds those of the scaled inputs.
WeightView scaled_view(const WeightView& view, const InputScaling& scaling) {
  if (!view) return {};
  return [&view, &scaling](std::size_t layer, Matrix& weights) {
    if (layer == 0) weights.array().rowwise() *= scaling.factor.array();
    view(layer, weights);
    if (layer == 0) weights.array().rowwise() /= scaling.factor.array();
  };
}

/// The same of the gradient: d loss / d (user's weight) = d loss / d (scaled weight) / factor.
GradientView scaled_gradient_view(const GradientView& view, const InputScaling& scaling) {
  if (!view) return {};
  return [&view, &scaling](std::size_t layer, const ConstMatrixRef& weights, MatrixRef gradient,
                           double rate) {
    if (layer > 0) return view(layer, weights, gradient, rate);
    gradient.array().rowwise() /= scaling.factor.array();
    view(layer, (weights.array().rowwise() * scaling.factor.array()).matrix(), gradient, rate);
    gradient.array().rowwise() *= scaling.factor.array();
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
  if (options.batch_size < 1) throw std::invalid_argument("batch_size must be at least 1");
  if (options.threads < 1) throw std::invalid_argument("threads must be at least 1");
}

Objective labels_objective(Task task) {
  return [task](const ConstMatrixRef& outputs, const Batch& batch, MatrixRef gradient) {
    return loss(task, outputs, batch.targets, gradient);
  };
}

/// Targets as the loss sees them: (1 - smoothing) * target + smoothing / classes.
/// Source: Szegedy et al., "Rethinking the Inception Architecture", CVPR 2016, section 7.
Matrix smooth(const Dataset& data, double smoothing) {
  if (smoothing == 0 || data.task == Task::regression) return data.targets;
  const auto share = static_cast<float>(smoothing);
  const Matrix even = Matrix::Constant(data.targets.rows(), data.targets.cols(),
                                       share / static_cast<float>(data.targets.cols()));
  return (1 - share) * data.targets + even;
}

/// The best model that validation has seen, and when to stop waiting for a better one.
class BestModel {
 public:
  BestModel(const Dataset* validation, const TrainOptions& options)
      : validation_(validation),
        keeps_(validation != nullptr && options.keep_best),
        patience_(validation != nullptr ? options.patience : 0) {}

  /// Looks at the model after an epoch; true if training should stop.
  bool judge(const Model& model) {
    if (!keeps_ && patience_ == 0) return false;
    const double error = prediction_error(model, *validation_);
    if (error < best_error_) {
      best_error_ = error;
      waited_ = 0;
      if (keeps_) best_ = model;
      return false;
    }
    return patience_ > 0 && ++waited_ >= patience_;
  }

  /// The model to return, where it is not the last one.
  const std::optional<Model>& best() const { return best_; }

  bool looks() const { return keeps_ || patience_ > 0; }

 private:
  const Dataset* validation_;
  bool keeps_;
  int patience_;
  double best_error_ = std::numeric_limits<double>::infinity();
  int waited_ = 0;
  std::optional<Model> best_;
};

}  // namespace

double prediction_error(const Model& model, const Dataset& data) {
  const Matrix outputs = fast_forward(model, data.inputs);
  if (data.task == Task::regression) {
    return static_cast<double>((outputs - data.targets).squaredNorm()) /
           static_cast<double>(outputs.size());
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
  const InputScaling scaling = scaling_of(data, options);
  const Matrix scaled = options.scale_inputs ? scale(scaling, data.inputs) : Matrix();
  const Matrix& inputs = options.scale_inputs ? scaled : data.inputs;
  unfold(scaling, std::get<DenseLayer>(model.layers.front()));

  const Objective objective = hooks.objective ? hooks.objective : labels_objective(data.task);
  const Matrix targets = smooth(data, options.label_smoothing);
  Batches batches(inputs, targets, data.image, scaling.offset, options, seed);
  Team team(options.threads);
  Backpropagation network(model, batches.size(), scaled_view(hooks.view, scaling),
                          {options.dropout, seed}, team);
  const GradientView gradient_view = scaled_gradient_view(hooks.gradient_view, scaling);
  Optimizer optimizer(options.optimizer, options.momentum, options.weight_decay,
                      network.parameters().size());
  const auto snapshot = [&] {
    network.store(model);
    fold(scaling, std::get<DenseLayer>(model.layers.front()));
  };
  BestModel best(hooks.validation, options);
  const RateSchedule rate{options.schedule, options.learning_rate, options.epochs * batches.count(),
                          options.warmup_epochs * batches.count()};
  Index step = 0;
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    batches.shuffle();
    double total = 0;
    for (Index i = 0; i < batches.count(); ++i, ++step) {
      const Batch batch = batches.gather(i);
      total += network.compute_gradient(batch, objective) * static_cast<double>(batch.rows.size());
      if (gradient_view) network.edit_gradient(gradient_view, rate.at(step));
      optimizer.step(network.parameters(), network.gradient(), rate.at(step), team);
    }
    const double mean = total / static_cast<double>(inputs.rows());
    if (!std::isfinite(mean)) {
      throw std::invalid_argument(
          fmt::format("the loss is not finite after epoch {}; lower learning_rate = {}", epoch,
                      options.learning_rate));
    }
    if (hooks.on_epoch) hooks.on_epoch(epoch, mean);
    if (!best.looks()) continue;
    snapshot();
    if (best.judge(model)) break;
  }
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
  fold(scaling_of(data, options), std::get<DenseLayer>(model.layers.front()));
  return train(std::move(model), data, options, seed, hooks);
}

}  // namespace pare::nn
