#include <algorithm>

#include "compress/define_pass.h"
#include "compress/optimal_brain_surgeon.h"
#include "compress/retrain.h"
#include "compress/sparsity.h"
#include "nn/forward.h"
#include "nn/product.h"
#include "nn/random.h"
#include "nn/sums.h"

namespace pare::compress {
namespace {

using nn::Index;

/// The least squares of one layer, the bias as the weight of a constant input, 1, that comes last:
/// each row w should reproduce what w0 gives, with error (w - w0)^T H (w - w0).
struct LeastSquares {
  DoubleMatrix hessian;  // H = X^T X / samples + damping, [n, n]
  DoubleMatrix inverse;  // of H
  DoubleMatrix weights;  // w0, one row's in each column, [n, outputs]
};

/// `inputs` [samples, n - 1] come from the pruned layers before, `original` from those as they
/// were: w0 is least squares too, for it starts from the outputs that the original ones give.
LeastSquares least_squares(const nn::DenseLayer& layer, const nn::Matrix& inputs,
                           const nn::Matrix& original, double damping) {
  constexpr Index kChunk = 1024;  // samples that are held in double at a time
  const Index n = inputs.cols() + 1;
  const auto samples = static_cast<double>(inputs.rows());
  LeastSquares problem{DoubleMatrix::Zero(n, n), {}, {}};
  DoubleMatrix missing = DoubleMatrix::Zero(n, layer.weights.rows());
  const DoubleMatrix weights = layer.weights.transpose().cast<double>();
  for (Index begin = 0; begin < inputs.rows(); begin += kChunk) {
    const Index count = std::min(kChunk, inputs.rows() - begin);
    DoubleMatrix x = DoubleMatrix::Ones(count, n);
    x.leftCols(n - 1) = inputs.middleRows(begin, count).cast<double>();
    const DoubleMatrix change =
        original.middleRows(begin, count).cast<double>() - x.leftCols(n - 1);
    const DoubleMatrix transposed = x.transpose();
    add_product(1, transposed, x, problem.hessian);
    add_product(1, transposed, product(change, weights), missing);
  }
  problem.hessian /= samples;
  missing /= samples;
  const double mean = mean_diagonal(problem.hessian, n - 1);
  problem.hessian.diagonal().head(n - 1).array() += damping * (mean > 0 ? mean : 1);
  const DoubleMatrix factor = cholesky(problem.hessian);
  problem.inverse = solve(factor, DoubleMatrix::Identity(n, n));
  problem.weights.resize(n, layer.weights.rows());
  problem.weights.topRows(n - 1) = weights;
  problem.weights.row(n - 1) = layer.bias.transpose().cast<double>();
  problem.weights += solve(factor, std::move(missing));
  return problem;
}

std::vector<Index> zeros_of(const nn::DenseLayer& layer, Index row) {
  std::vector<Index> zeros;
  for (Index i = 0; i < layer.weights.cols(); ++i) {
    if (layer.weights(row, i) == 0) zeros.push_back(i);
  }
  return zeros;
}

/// For each weight, row by row, the largest error that one removal has added by the weight's turn;
/// so a row's weights rank in the order in which they go, and rows by what they can best spare.
std::vector<double> removal_scores(const nn::DenseLayer& layer, const LeastSquares& problem) {
  std::vector<double> scores(static_cast<std::size_t>(layer.weights.size()));
  for (Index row = 0; row < layer.weights.rows(); ++row) {
    const Removals removals =
        remove_all(problem.weights.col(row), problem.inverse, zeros_of(layer, row));
    double most = 0;
    for (std::size_t i = 0; i < removals.order.size(); ++i) {
      most = std::max(most, removals.costs[i]);
      const Index place = row * layer.weights.cols() + removals.order[i];
      scores[static_cast<std::size_t>(place)] = most;
    }
  }
  return scores;
}

/// The sum of the variances of a layer's outputs before the activation.
double output_variance(const nn::DenseLayer& layer, const nn::Matrix& inputs) {
  nn::Matrix outputs = nn::product(inputs, layer.weights.transpose(), layer.bias);
  outputs.rowwise() -= nn::column_means(outputs).transpose().cast<float>().eval();
  return nn::dot(outputs.data(), outputs.data(), outputs.size()) /
         static_cast<double>(inputs.rows());
}

/// Sets `sparsity` of the weights to 0 and the others to what then fits best.
void prune(nn::DenseLayer& layer, const LeastSquares& problem, double sparsity) {
  const auto gone = select_lowest({removal_scores(layer, problem)}, sparsity, Scope::layer)[0];
  for (Index row = 0; row < layer.weights.rows(); ++row) {
    std::vector<Index> kept;
    for (Index i = 0; i < layer.weights.cols(); ++i) {
      const bool goes = gone[static_cast<std::size_t>(row * layer.weights.cols() + i)];
      if (!goes && layer.weights(row, i) != 0) kept.push_back(i);
    }
    kept.push_back(layer.weights.cols());
    const Eigen::VectorXd w = compensate(problem.hessian, problem.weights.col(row), kept);
    layer.weights.row(row) = w.head(w.size() - 1).transpose().cast<float>();
    layer.bias[row] = static_cast<float>(w[w.size() - 1]);
  }
}

}  // namespace

/// Prunes layer after layer so that its outputs change least; what remains makes up for what has
/// gone, in its own layer and, from calibration inputs that pass through both the pruned and the
/// original layers, in those before. The first layer is pruned on inputs as training scales them.
/// Weights that were 0 stay 0.
struct ObsPrune {
  static constexpr PassInfo kInfo{
      .summary = "zeroes what matters least to each layer's outputs, compensates; needs no labels",
      .source =
          "Frantar, Alistarh, \"Optimal Brain Compression\", NeurIPS 2022, section 4; damping and "
          "the order of the layers: the same, \"SparseGPT\", ICML 2023, section 4; Hassibi, Stork, "
          "\"Optimal Brain Surgeon\", NIPS 1992"};

  explicit ObsPrune(Options& options)
      : sparsity(options.number("sparsity", 0.5, {0, 1}, "fraction of the weights set to 0")),
        scope(read_scope(options)),
        damping(options.number("damping", 0.01, {1e-6, 1},
                               "added to the Hessian's diagonal, as a fraction of its mean")),
        samples(options.integer("samples", 2048, {1, 1e9}, "training inputs to calibrate with")),
        training(options, 0, "epochs of fine-tuning afterwards; 0 is none") {}

  nn::Model operator()(nn::Model model, const Context& context) const {
    const nn::InputScaling scaling = training.scaling(context);
    nn::Matrix original = nn::scale(scaling, calibration_inputs(context));
    nn::Matrix inputs = original;
    nn::unfold(scaling, std::get<nn::DenseLayer>(model.layers.front()));
    const std::vector<double> sparsities = layer_sparsities(model, inputs);
    for (std::size_t i = 0; i < model.layers.size(); ++i) {
      auto& layer = std::get<nn::DenseLayer>(model.layers[i]);
      const LeastSquares problem = least_squares(layer, inputs, original, damping);
      original = nn::forward(layer, original);
      prune(layer, problem, sparsities[i]);
      inputs = nn::forward(layer, inputs);
    }
    nn::fold(scaling, std::get<nn::DenseLayer>(model.layers.front()));
    return retrain(std::move(model), training, context);
  }

  nn::Matrix calibration_inputs(const Context& context) const {
    const nn::Matrix& inputs = context.train.inputs;
    std::vector<Index> rows =
        nn::Random(context.seed, nn::Stream::obs_samples).permutation(inputs.rows());
    rows.resize(std::min(rows.size(), static_cast<std::size_t>(samples)));
    return inputs(rows, Eigen::all);
  }

  /// In global scope the layers compete with their errors relative to the variance of their
  /// outputs: the loss of one layer's outputs is no measure for another's.
  std::vector<double> layer_sparsities(const nn::Model& model, nn::Matrix inputs) const {
    std::vector<double> sparsities(model.layers.size(), sparsity);
    if (scope == Scope::layer) return sparsities;
    std::vector<std::vector<double>> scores;
    for (const nn::Layer& variant : model.layers) {
      const auto& layer = std::get<nn::DenseLayer>(variant);
      scores.push_back(removal_scores(layer, least_squares(layer, inputs, inputs, damping)));
      const double variance = output_variance(layer, inputs);
      if (variance > 0) {
        for (double& score : scores.back()) score /= variance;
      }
      inputs = nn::forward(layer, inputs);
    }
    const auto gone = select_lowest(scores, sparsity, Scope::global);
    for (std::size_t i = 0; i < gone.size(); ++i) {
      sparsities[i] = static_cast<double>(std::count(gone[i].begin(), gone[i].end(), true)) /
                      static_cast<double>(gone[i].size());
    }
    return sparsities;
  }

  double sparsity;
  Scope scope;
  double damping;
  std::int64_t samples;
  PassTraining training;
};

template PassDefinition define<ObsPrune>(Options&);

}  // namespace pare::compress
