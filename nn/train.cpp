#include "nn/train.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "nn/backpropagation.h"
#include "nn/input_scaling.h"
#include "nn/mlp.h"
#include "nn/random.h"

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
}

Objective labels_objective(Task task) {
  return [task](const ConstMatrixRef& outputs, const Batch& batch, MatrixRef gradient) {
    return loss(task, outputs, batch.targets, gradient);
  };
}

/// The training data cut into batches, in a new random order each epoch; one batch is gathered at a
/// time, into the same buffers.
class Batches {
 public:
  Batches(const Matrix& inputs, const Matrix& targets, Index batch_size, std::uint64_t seed)
      : inputs_(inputs),
        targets_(targets),
        size_(std::min(batch_size, inputs.rows())),
        random_(seed, 4),
        order_(random_.permutation(inputs.rows())),
        batch_inputs_(size_, inputs.cols()),
        batch_targets_(size_, targets.cols()) {}

  /// Batches in an epoch; the last may be smaller.
  Index count() const { return (inputs_.rows() + size_ - 1) / size_; }

  void shuffle() { nn::shuffle(order_, random_); }

  Batch gather(Index index) {
    const Index begin = index * size_;
    const Index samples = std::min(size_, inputs_.rows() - begin);
    for (Index i = 0; i < samples; ++i) {
      const Index row = order_[static_cast<std::size_t>(begin + i)];
      batch_inputs_.row(i) = inputs_.row(row);
      batch_targets_.row(i) = targets_.row(row);
    }
    return {batch_inputs_.topRows(samples),
            batch_targets_.topRows(samples),
            {order_.data() + begin, static_cast<std::size_t>(samples)}};
  }

 private:
  const Matrix& inputs_;
  const Matrix& targets_;
  Index size_;
  Random random_;
  std::vector<Index> order_;
  Matrix batch_inputs_;
  Matrix batch_targets_;
};

}  // namespace

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
  const Matrix inputs = scale(scaling, data.inputs);
  unfold(scaling, std::get<DenseLayer>(model.layers.front()));

  const Objective objective = hooks.objective ? hooks.objective : labels_objective(data.task);
  Backpropagation network(model, std::min(options.batch_size, inputs.rows()),
                          scaled_view(hooks.view, scaling));
  Optimizer optimizer(options.optimizer, options.momentum, network.parameters().size());
  Batches batches(inputs, data.targets, options.batch_size, seed);
  const Index steps = options.epochs * batches.count();
  Index step = 0;
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    batches.shuffle();
    double total = 0;
    for (Index i = 0; i < batches.count(); ++i, ++step) {
      const Batch batch = batches.gather(i);
      total += network.compute_gradient(batch, objective) * static_cast<double>(batch.rows.size());
      optimizer.step(network.parameters(), network.gradient(),
                     learning_rate_at(options.schedule, options.learning_rate, step, steps));
    }
    const double mean = total / static_cast<double>(inputs.rows());
    if (!std::isfinite(mean)) {
      throw std::invalid_argument(
          fmt::format("the loss is not finite after epoch {}; lower learning_rate = {}", epoch,
                      options.learning_rate));
    }
    if (hooks.on_epoch) hooks.on_epoch(epoch, mean);
  }
  network.store(model);
  fold(scaling, std::get<DenseLayer>(model.layers.front()));
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
