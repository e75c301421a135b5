#include <algorithm>
#include <cmath>

#include "compress/define_pass.h"
#include "compress/training_options.h"

namespace pare::compress {
namespace {

enum class Scope : std::uint8_t { layer, global };

/// Sets the `fraction` of `weights` with the smallest |w| to 0; among equals the first ones.
void zero_smallest(std::vector<float*>& weights, double fraction) {
  const auto count =
      static_cast<std::ptrdiff_t>(std::round(fraction * static_cast<double>(weights.size())));
  std::stable_sort(weights.begin(), weights.end(),
                   [](const float* a, const float* b) { return std::abs(*a) < std::abs(*b); });
  std::for_each(weights.begin(), weights.begin() + count, [](float* weight) { *weight = 0; });
}

void prune(nn::Model& model, Scope scope, double sparsity) {
  std::vector<float*> weights;
  for (nn::Layer& layer : model.layers) {
    auto& dense = std::get<nn::DenseLayer>(layer);
    for (float& weight : dense.weights.reshaped<Eigen::RowMajor>()) weights.push_back(&weight);
    if (scope == Scope::layer) {
      zero_smallest(weights, sparsity);
      weights.clear();
    }
  }
  zero_smallest(weights, sparsity);
}

}  // namespace

/// Sets the smallest weights to 0, at once or in steps with training between them. Step k of n
/// leaves (1 - sparsity)^(k/n) of the weights: the same share of those that are left, each time.
/// Source of the steps: Frankle and Carbin, "The Lottery Ticket Hypothesis", ICLR 2019, section 1.
struct MagnitudePrune {
  static constexpr PassInfo kInfo{
      .summary = "sets the smallest weights to 0 and trains the others on",
      .source =
          "Han, Pool, Tran, Dally, \"Learning both Weights and Connections for Efficient "
          "Neural Networks\", NIPS 2015, section 3"};

  explicit MagnitudePrune(Options& options)
      : sparsity(options.number("sparsity", 0.5, {0, 1}, "fraction of the weights set to 0")),
        scope(options.choice<Scope>("scope", {{"layer", Scope::layer}, {"global", Scope::global}},
                                    "rank weights within each layer, or across all layers")),
        steps(static_cast<int>(options.integer(
            "steps", 1, {1, 1000}, "prunings, each followed by training; 1 is one shot"))),
        training(options, 100, "epochs of fine-tuning after each step; 0 is none") {}

  nn::Model operator()(nn::Model model, const Context& context) const {
    for (int step = 1; step <= steps; ++step) {
      const double done = static_cast<double>(step) / steps;
      prune(model, scope, 1 - std::pow(1 - sparsity, done));
      if (training.epochs == 0) continue;
      const nn::WeightView view = nn::keep_zeros(model);
      model = nn::train(
          std::move(model), context.train, training.in(context),
          context.seed + static_cast<std::uint64_t>(step),
          {.objective = {}, .view = view, .validation = &context.validation, .on_epoch = {}});
    }
    return model;
  }

  double sparsity;
  Scope scope;
  int steps;
  PassTraining training;
};

template PassDefinition define<MagnitudePrune>(Options&);

}  // namespace pare::compress
