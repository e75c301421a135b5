#include <algorithm>
#include <cmath>
#include <limits>

#include "compress/define_pass.h"
#include "compress/training_options.h"

namespace pare::compress {
namespace {

using Codes = Eigen::Matrix<std::uint16_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr std::uint16_t kPruned = std::numeric_limits<std::uint16_t>::max();
constexpr int kMaxRounds = 1000;

/// `count` centroids, evenly spaced from the least to the greatest weight ("linear initialization":
/// it keeps the few large weights, which matter most). Source: Han et al., section 3.2.
std::vector<double> spread_centroids(const std::vector<float>& sorted, std::size_t count) {
  const double low = double{sorted.front()};
  const double high = double{sorted.back()};
  std::vector<double> centroids;
  for (std::size_t i = 0; i < count; ++i) {
    const double place = count == 1 ? 0.5 : static_cast<double>(i) / static_cast<double>(count - 1);
    centroids.push_back(low + place * (high - low));
  }
  return centroids;
}

/// Where in `sorted` each cluster ends: halfway to the next centroid.
std::vector<std::size_t> cluster_ends(const std::vector<float>& sorted,
                                      const std::vector<double>& centroids) {
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i + 1 < centroids.size(); ++i) {
    const double middle = (centroids[i] + centroids[i + 1]) / 2;
    const auto end = std::partition_point(sorted.begin(), sorted.end(),
                                          [&](float weight) { return double{weight} <= middle; });
    ends.push_back(static_cast<std::size_t>(end - sorted.begin()));
  }
  ends.push_back(sorted.size());
  return ends;
}

/// k-means (Lloyd's algorithm) on numbers, ascending; a cluster that is empty stays where it is.
std::vector<double> find_centroids(std::vector<float> weights, std::size_t count) {
  std::sort(weights.begin(), weights.end());
  std::vector<double> sums{0};  // of the first i weights
  for (const float weight : weights) sums.push_back(sums.back() + double{weight});
  std::vector<double> centroids = spread_centroids(weights, count);
  std::vector<std::size_t> before;
  for (int round = 0; round < kMaxRounds; ++round) {
    std::vector<std::size_t> ends = cluster_ends(weights, centroids);
    if (ends == before) break;
    for (std::size_t i = 0, begin = 0; i < count; begin = ends[i++]) {
      if (ends[i] == begin) continue;
      centroids[i] = (sums[ends[i]] - sums[begin]) / static_cast<double>(ends[i] - begin);
    }
    before = std::move(ends);
  }
  return centroids;
}

/// The cluster of each weight: of the nearest centroid, the lower one of two; kPruned for 0.
Codes assign(const nn::Matrix& weights, std::size_t count) {
  std::vector<float> kept;
  for (const float weight : weights.reshaped<Eigen::RowMajor>()) {
    if (weight != 0) kept.push_back(weight);
  }
  Codes codes = Codes::Constant(weights.rows(), weights.cols(), kPruned);
  if (kept.empty()) return codes;
  std::vector<double> middles = find_centroids(std::move(kept), count);
  for (std::size_t i = 0; i + 1 < count; ++i) middles[i] = (middles[i] + middles[i + 1]) / 2;
  middles.pop_back();
  for (nn::Index i = 0; i < weights.size(); ++i) {
    const float weight = weights.data()[i];
    if (weight == 0) continue;
    const auto found = std::lower_bound(middles.begin(), middles.end(), double{weight});
    codes.data()[i] = static_cast<std::uint16_t>(found - middles.begin());
  }
  return codes;
}

/// Sets each weight to the mean of its cluster, and those that are pruned to 0.
void share(const Codes& codes, std::size_t count, nn::Matrix& weights) {
  std::vector<double> sums(count, 0.0);
  std::vector<double> sizes(count, 0.0);
  for (nn::Index i = 0; i < weights.size(); ++i) {
    const std::uint16_t code = codes.data()[i];
    if (code == kPruned) continue;
    sums[code] += double{weights.data()[i]};
    sizes[code] += 1;
  }
  for (nn::Index i = 0; i < weights.size(); ++i) {
    const std::uint16_t code = codes.data()[i];
    weights.data()[i] = code == kPruned ? 0 : static_cast<float>(sums[code] / sizes[code]);
  }
}

}  // namespace

/// Lets the weights of a layer share a few values, found by k-means. Zeros stay zero and are no
/// cluster. In training the forward pass sees every weight as its cluster's mean, and each weight
/// takes its own part of the gradient: with sgd a mean then moves by the rate times the mean of its
/// cluster's gradients, the paper's sum (section 3.3) over the cluster's size; with adam by the
/// mean of its weights' steps.
struct ClusterWeights {
  static constexpr PassInfo kInfo{
      .summary = "lets the weights of each layer share a few values; weights that are 0 stay 0",
      .source =
          "Han, Mao, Dally, \"Deep Compression: Compressing Deep Neural Networks with Pruning, "
          "Trained Quantization and Huffman Coding\", ICLR 2016, section 3"};

  explicit ClusterWeights(Options& options)
      : clusters(static_cast<std::size_t>(options.integer(
            "clusters", 32, {1, 256}, "values other than 0 that a layer's weights may have"))),
        training(options, 100, "epochs of fine-tuning of the shared values; 0 is none") {}

  nn::Model operator()(nn::Model model, const Context& context) const {
    std::vector<Codes> codes;
    for (const nn::Layer& layer : model.layers) {
      codes.push_back(assign(std::get<nn::DenseLayer>(layer).weights, clusters));
    }
    const nn::WeightView view = [&](std::size_t layer, nn::Matrix& weights) {
      share(codes[layer], clusters, weights);
    };
    model = training.train(std::move(model), context, view);
    // Also after training, because scaling the inputs rounds the first layer's columns apart.
    for (std::size_t i = 0; i < model.layers.size(); ++i) {
      view(i, std::get<nn::DenseLayer>(model.layers[i]).weights);
    }
    return model;
  }

  std::size_t clusters;
  PassTraining training;
};

template PassDefinition define<ClusterWeights>(Options&);

}  // namespace pare::compress
