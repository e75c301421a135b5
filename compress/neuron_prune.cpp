#include <algorithm>
#include <cmath>
#include <numeric>

#include "compress/define_pass.h"
#include "compress/retrain.h"
#include "nn/activation.h"
#include "nn/forward.h"
#include "nn/product.h"
#include "nn/sums.h"

namespace pare::compress {
namespace {

using nn::Index;

nn::DenseLayer& dense(nn::Model& model, std::size_t layer) {
  return std::get<nn::DenseLayer>(model.layers[layer]);
}

/// The length of each row of weights [outputs, inputs] under `scaling` of the inputs.
std::vector<double> row_lengths(const nn::DenseLayer& layer, const nn::InputScaling& scaling) {
  const nn::Matrix weights = layer.weights.array().rowwise() / scaling.factor.array();
  std::vector<double> lengths;
  for (Index i = 0; i < weights.rows(); ++i) {
    const float* const row = weights.row(i).data();
    lengths.push_back(std::sqrt(nn::dot(row, row, weights.cols())));
  }
  return lengths;
}

/// For each neuron of layer `hidden`, the mean over the data of |d loss / d a * a|, where a is its
/// activation and the loss that of the one sample, as training sees it: what the loss would change
/// without it, to first order. Source: Molchanov et al. 2019, section 3, with a gate on the neuron.
std::vector<double> taylor_scores(nn::Model model, std::size_t hidden, const nn::Dataset& data,
                                  const nn::TargetScaling& scaling) {
  nn::unfold(scaling, dense(model, model.layers.size() - 1));
  std::vector<nn::Matrix> activations{data.inputs};
  for (const nn::Layer& layer : model.layers) {
    activations.push_back(nn::forward(std::get<nn::DenseLayer>(layer), activations.back()));
  }
  nn::Matrix deltas(data.targets.rows(), data.targets.cols());
  nn::loss(data.task, activations.back(), nn::scale(scaling, data.targets), deltas);
  deltas *= static_cast<float>(data.targets.rows());  // the loss was a mean over the samples
  for (std::size_t i = model.layers.size() - 1; i > hidden; --i) {
    const auto& layer = std::get<nn::DenseLayer>(model.layers[i]);
    nn::DenseLayer linear = layer;
    linear.activation = nn::Activation::identity;
    const nn::Matrix sums =
        nn::needs_inputs(layer.activation) ? nn::forward(linear, activations[i]) : nn::Matrix();
    nn::multiply_by_derivative(layer.activation, sums, activations[i + 1], deltas);
    deltas = nn::product(deltas, layer.weights, nn::Vector::Zero(layer.weights.cols()));
  }
  const nn::Matrix gates = deltas.cwiseProduct(activations[hidden + 1]).cwiseAbs();
  const Eigen::VectorXd scores = nn::column_means(gates);
  return {scores.begin(), scores.end()};
}

/// The neurons with the `count` highest scores, in their old order; among equals the first ones.
std::vector<Index> highest(const std::vector<double>& scores, Index count) {
  std::vector<Index> order(scores.size());
  std::iota(order.begin(), order.end(), Index{0});
  const auto score = [&](Index i) { return scores[static_cast<std::size_t>(i)]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b) { return score(a) > score(b); });
  order.resize(static_cast<std::size_t>(count));
  std::sort(order.begin(), order.end());
  return order;
}

/// Keeps only the neurons `kept` between two layers; the others count with their mean activation
/// [outputs of `before`], which goes into the bias of `after`.
void keep_neurons(nn::DenseLayer& before, nn::DenseLayer& after, const std::vector<Index>& kept,
                  Eigen::VectorXd means) {
  for (const Index i : kept) means[i] = 0;
  for (Index row = 0; row < after.weights.rows(); ++row) {
    const Eigen::VectorXd weights = after.weights.row(row).cast<double>();
    after.bias[row] += static_cast<float>(nn::dot(weights.data(), means.data(), means.size()));
  }
  after.weights = after.weights(Eigen::all, kept).eval();
  before.weights = before.weights(kept, Eigen::all).eval();
  before.bias = before.bias(kept).eval();
}

}  // namespace

/// Removes whole neurons, hidden layer after hidden layer: what is left is a smaller dense model.
/// The mean of what a removed neuron gave, over the training inputs, stays, in the next layer's
/// bias. The weights of the first layer are measured as training sees them.
struct NeuronPrune {
  enum class Criterion : std::uint8_t { l2, taylor };

  static constexpr PassInfo kInfo{
      .summary = "removes whole neurons of the hidden layers and trains the others on",
      .source =
          "taylor: Molchanov, Mallya, Tyree, Frosio, Kautz, \"Importance Estimation for Neural "
          "Network Pruning\", CVPR 2019, section 3; l2: Li, Kadav, Durdanovic, Samet, Graf, "
          "\"Pruning Filters for Efficient ConvNets\", ICLR 2017, section 3; bias: Ye et al., "
          "\"Rethinking the Smaller-Norm-Less-Informative Assumption\", ICLR 2018, section 4"};

  explicit NeuronPrune(Options& options)
      : sparsity(
            options.number("sparsity", 0.5, {0, 1}, "fraction of each hidden layer's neurons")),
        criterion(options.choice<Criterion>(
            "criterion", {{"taylor", Criterion::taylor}, {"l2", Criterion::l2}},
            "remove what the loss feels least (needs labels), or the shortest rows of weights")),
        multiple(options.integer("multiple", 4, {1, 256},
                                 "widths are rounded up to a multiple of this")),
        training(options, 100, "epochs of fine-tuning afterwards; 0 is none") {}

  nn::Model operator()(nn::Model model, const Context& context) const {
    nn::InputScaling scaling = training.scaling(context);
    nn::Matrix values = context.train.inputs;
    for (std::size_t i = 0; i + 1 < model.layers.size(); ++i) {
      nn::DenseLayer& layer = dense(model, i);
      const std::vector<double> scores =
          criterion == Criterion::l2
              ? row_lengths(layer, scaling)
              : taylor_scores(model, i, context.train, training.target_scaling(context));
      const nn::Matrix activations = nn::forward(layer, values);
      const std::vector<Index> kept = highest(scores, width_left(layer.weights.rows()));
      keep_neurons(layer, dense(model, i + 1), kept, nn::column_means(activations));
      values = activations(Eigen::all, kept);
      scaling = nn::identity_scaling(layer.weights.rows());
    }
    return retrain(std::move(model), training, context);
  }

  /// What remains of `width` neurons: a multiple, rounded up, but not more than there are; of fewer
  /// neurons than `multiple` at least 1.
  Index width_left(Index width) const {
    const Index gone = std::llround(sparsity * static_cast<double>(width));
    const Index left = std::max<Index>(1, width - gone);
    if (width < multiple) return left;
    return std::min<Index>(width, (left + multiple - 1) / multiple * multiple);
  }

  double sparsity;
  Criterion criterion;
  std::int64_t multiple;
  PassTraining training;
};

template PassDefinition define<NeuronPrune>(Options&);

}  // namespace pare::compress
