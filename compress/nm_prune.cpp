#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "compress/define_pass.h"
#include "compress/retrain.h"

namespace pare::compress {
namespace {

using nn::Index;

/// Sets to 0 all but the `keep` largest of scores [inputs] in weights row `row` from `begin` on;
/// among equals the first ones stay.
void keep_largest(nn::DenseLayer& layer, const nn::Matrix& scores, Index row, Index begin,
                  Index group, Index keep) {
  std::vector<Index> order(static_cast<std::size_t>(group));
  std::iota(order.begin(), order.end(), begin);
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b) { return scores(row, a) > scores(row, b); });
  std::for_each(order.begin() + keep, order.end(), [&](Index i) { layer.weights(row, i) = 0; });
}

}  // namespace

/// Keeps the n largest of each m consecutive weights of a row, as training sees them. Where m does
/// not divide the row, the shorter last group keeps in proportion, n / m of it, rounded up: no
/// group is emptied.
struct NmPrune {
  static constexpr PassInfo kInfo{
      .summary = "keeps n of each m consecutive weights of a row and trains them on",
      .source =
          "Zhou et al., \"Learning N:M Fine-grained Structured Sparse Neural Networks From "
          "Scratch\", ICLR 2021, section 3; Mishra et al., \"Accelerating Sparse Deep Neural "
          "Networks\", arXiv:2104.08378, 2021, section 4"};

  explicit NmPrune(Options& options)
      : n(options.integer("n", 2, {1, 255}, "weights kept in each group")),
        m(options.integer("m", 4, {2, 256}, "consecutive weights in a group, more than n")),
        training(options, 100, "epochs of fine-tuning afterwards; 0 is none") {
    if (n >= m) options.fail("n", fmt::format("n = {} must be less than m = {}", n, m));
  }

  nn::Model operator()(nn::Model model, const Context& context) const {
    nn::InputScaling scaling = training.scaling(context);
    for (nn::Layer& variant : model.layers) {
      auto& layer = std::get<nn::DenseLayer>(variant);
      nn::Matrix scores = layer.weights.cwiseAbs();
      scores.array().rowwise() /= scaling.factor.array();
      prune(layer, scores);
      scaling = nn::identity_scaling(layer.weights.rows());
    }
    return retrain(std::move(model), training, context);
  }

  void prune(nn::DenseLayer& layer, const nn::Matrix& scores) const {
    for (Index row = 0; row < layer.weights.rows(); ++row) {
      for (Index begin = 0; begin < layer.weights.cols(); begin += m) {
        const Index group = std::min<Index>(m, layer.weights.cols() - begin);
        keep_largest(layer, scores, row, begin, group, (group * n + m - 1) / m);
      }
    }
  }

  std::int64_t n;
  std::int64_t m;
  PassTraining training;
};

template PassDefinition define<NmPrune>(Options&);

}  // namespace pare::compress
