#include <cmath>
#include <optional>

#include "compress/define_pass.h"
#include "compress/linear_algebra.h"
#include "compress/training_options.h"
#include "nn/sums.h"

namespace pare::compress {
namespace {

/// The least rank whose squared singular values sum to `energy` of all of them; at least 1.
nn::Index rank_of_energy(const Eigen::VectorXd& singular_values, double energy) {
  const double* const values = singular_values.data();
  const double wanted = energy * nn::dot(values, values, singular_values.size());
  double kept = 0;
  for (nn::Index rank = 1; rank < singular_values.size(); ++rank) {
    kept += singular_values[rank - 1] * singular_values[rank - 1];
    if (kept >= wanted) return rank;
  }
  return singular_values.size();
}

/// weights ~ (U S) V^T: V^T without an activation, its bias 0, then U S with the layer's own bias
/// and activation.
void append_factors(std::vector<nn::Layer>& layers, const nn::DenseLayer& dense,
                    const SingularValues& svd, nn::Index rank) {
  layers.emplace_back(nn::DenseLayer{svd.right.topRows(rank).cast<float>(), nn::Vector::Zero(rank),
                                     nn::Activation::identity});
  layers.emplace_back(
      nn::DenseLayer{svd.left.leftCols(rank).cast<float>(), dense.bias, dense.activation});
}

}  // namespace

/// Replaces each layer by two of a lower rank, where both together have fewer parameters, and
/// trains on. The nearest matrix of a rank, in the sum of squares, is its truncated SVD (Eckart and
/// Young 1936); the first layer's in the user's units.
struct LowRank {
  static constexpr PassInfo kInfo{
      .summary = "splits layers into two of low rank, by SVD, and trains on; zeros are lost",
      .source =
          "Xue, Li, Gong, \"Restructuring of Deep Neural Network Acoustic Models with Singular "
          "Value Decomposition\", Interspeech 2013, section 3; Denil et al., \"Predicting "
          "Parameters in Deep Learning\", NIPS 2013, section 2"};

  explicit LowRank(Options& options)
      : rank(options.optional_number("rank", {0, 1}, "by energy",
                                     "rank kept, as a fraction of the full one; at least 1")),
        energy(options.optional_number(
            "energy", {0, 1}, "0.9",
            "fraction of the sum of squared singular values that the rank keeps")),
        training(options, 100, "epochs of fine-tuning; 0 is none") {
    if (rank && energy) options.fail("energy", "energy and rank exclude each other; give one");
  }

  nn::Model operator()(nn::Model model, const Context& context) const {
    nn::Model split;
    for (nn::Layer& layer : model.layers) {
      auto& dense = std::get<nn::DenseLayer>(layer);
      const SingularValues svd = decompose(dense.weights.cast<double>());
      const nn::Index kept = kept_rank(svd.values);
      const nn::Index together = kept * (dense.weights.rows() + 1 + dense.weights.cols());
      if (together < dense.weights.size()) {
        append_factors(split.layers, dense, svd, kept);
      } else {
        split.layers.emplace_back(std::move(dense));
      }
    }
    return training.train(std::move(split), context, {});
  }

  nn::Index kept_rank(const Eigen::VectorXd& singular_values) const {
    if (!rank) return rank_of_energy(singular_values, energy.value_or(0.9));
    const double full = static_cast<double>(singular_values.size());
    return std::max(nn::Index{1}, static_cast<nn::Index>(std::round(*rank * full)));
  }

  std::optional<double> rank;
  std::optional<double> energy;
  PassTraining training;
};

template PassDefinition define<LowRank>(Options&);

}  // namespace pare::compress
