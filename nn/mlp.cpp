#include "nn/mlp.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "nn/random.h"

namespace pare::nn {

Model make_mlp(const std::vector<Index>& widths, Activation hidden, std::uint64_t seed) {
  if (widths.size() < 2 ||
      std::any_of(widths.begin(), widths.end(), [](Index w) { return w < 1; })) {
    throw std::invalid_argument("a model needs at least two widths, all of them positive");
  }
  Random random(seed, Stream::initial_weights);
  Model model;
  for (std::size_t i = 1; i < widths.size(); ++i) {
    const Index inputs = widths[i - 1];
    const double bound = 1 / std::sqrt(static_cast<double>(inputs));
    const auto draw = [&] { return static_cast<float>(random.uniform(-bound, bound)); };
    const bool last = i + 1 == widths.size();
    DenseLayer layer{Matrix(widths[i], inputs), Vector::Zero(widths[i]),
                     last ? Activation::identity : hidden};
    for (float& weight : layer.weights.reshaped<Eigen::RowMajor>()) weight = draw();
    if (i == 1) std::generate(layer.bias.begin(), layer.bias.end(), draw);
    model.layers.emplace_back(std::move(layer));
  }
  return model;
}

}  // namespace pare::nn
