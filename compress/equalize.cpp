#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "compress/define_pass.h"

namespace pare::compress {
namespace {

/// Below this change of every scale, a sweep over the layers has changed nothing.
constexpr float kSettled = 1e-3F;

/// Divides each output of `layer` by a factor and multiplies what `next` makes of it by the same,
/// so that both have the same largest |weight|. Returns the largest |factor - 1|.
float equalize_pair(nn::DenseLayer& layer, nn::DenseLayer& next) {
  float change = 0;
  for (nn::Index unit = 0; unit < layer.weights.rows(); ++unit) {
    const float before = layer.weights.row(unit).cwiseAbs().maxCoeff();
    const float after = next.weights.col(unit).cwiseAbs().maxCoeff();
    const float factor = std::sqrt(before / after);
    if (!(before > 0 && after > 0) || !std::isnormal(factor)) continue;
    layer.weights.row(unit) /= factor;
    layer.bias[unit] /= factor;
    next.weights.col(unit) *= factor;
    change = std::max(change, std::abs(factor - 1));
  }
  return change;
}

}  // namespace

/// Scales the units of hidden layers so that their weights before and after span the same range,
/// which suits one scale for a whole layer. A positive factor passes through ReLU, so the function
/// stays what it was, up to rounding.
struct Equalize {
  static constexpr PassInfo kInfo{
      .summary = "evens the ranges of weights across layers; the function stays the same",
      .source =
          "Nagel et al., \"Data-Free Quantization through Weight Equalization and Bias "
          "Correction\", ICCV 2019, section 4.1"};

  explicit Equalize(Options& options)
      : sweeps(options.integer("sweeps", 100, {1, 10'000},
                               "passes over all pairs of layers, fewer where nothing changes")) {}

  nn::Model operator()(nn::Model model, const Context& /*context*/) const {
    for (std::size_t i = 0; i + 1 < model.layers.size(); ++i) {
      const auto& layer = std::get<nn::DenseLayer>(model.layers[i]);
      const nn::Activation activation = layer.activation;
      if (activation != nn::Activation::relu && activation != nn::Activation::identity) {
        throw std::invalid_argument(fmt::format(
            "layer {} ends in {}, through which no factor passes; equalize needs relu or identity",
            i, nn::name(activation)));
      }
    }
    float change = kSettled;
    for (std::int64_t sweep = 0; sweep < sweeps && change >= kSettled; ++sweep) {
      change = 0;
      for (std::size_t i = 0; i + 1 < model.layers.size(); ++i) {
        change = std::max(change, equalize_pair(std::get<nn::DenseLayer>(model.layers[i]),
                                                std::get<nn::DenseLayer>(model.layers[i + 1])));
      }
    }
    return model;
  }

  std::int64_t sweeps;
};

template PassDefinition define<Equalize>(Options&);

}  // namespace pare::compress
