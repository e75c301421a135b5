#include "compress/define_pass.h"
#include "compress/retrain.h"
#include "compress/sparsity.h"

namespace pare::compress {
namespace {

/// |w|, row by row; of the first and the last layer's weights as training sees them.
std::vector<std::vector<double>> magnitudes(const nn::Model& model, const nn::InputScaling& inputs,
                                            const nn::TargetScaling& targets) {
  std::vector<std::vector<double>> scores;
  for (const nn::Layer& layer : model.layers) {
    nn::Matrix weights = std::get<nn::DenseLayer>(layer).weights.cwiseAbs();
    const bool last = scores.size() + 1 == model.layers.size();
    if (scores.empty()) weights.array().rowwise() /= inputs.factor.array();
    if (last) weights.array().colwise() /= targets.factor.transpose().array();
    scores.emplace_back(weights.data(), weights.data() + weights.size());
  }
  return scores;
}

void set_zero(nn::Model& model, const std::vector<std::vector<bool>>& gone) {
  for (std::size_t layer = 0; layer < gone.size(); ++layer) {
    float* weights = std::get<nn::DenseLayer>(model.layers[layer]).weights.data();
    for (std::size_t i = 0; i < gone[layer].size(); ++i) {
      if (gone[layer][i]) weights[i] = 0;
    }
  }
}

}  // namespace

/// Sets the smallest weights to 0, at once or in steps with training between them. With `rewind`
/// each of these trainings starts anew from the model that the pass was given, without what has
/// been pruned so far: of the lottery ticket it is the "late" kind, as that model is not random.
/// Source: Frankle, Dziugaite, Roy, Carbin, "Linear Mode Connectivity and the Lottery Ticket
/// Hypothesis", ICML 2020, algorithm 2.
struct MagnitudePrune {
  static constexpr PassInfo kInfo{
      .summary = "sets the smallest weights to 0 and trains the others on",
      .source =
          "Han, Pool, Tran, Dally, \"Learning both Weights and Connections for Efficient "
          "Neural Networks\", NIPS 2015, section 3; cubic: Zhu, Gupta, arXiv:1710.01878, 2017; "
          "rewind: Frankle, Carbin, \"The Lottery Ticket Hypothesis\", ICLR 2019"};

  explicit MagnitudePrune(Options& options)
      : sparsity(options.number("sparsity", 0.5, {0, 1}, "fraction of the weights set to 0")),
        scope(read_scope(options)),
        schedule(options.choice<PruneSchedule>(
            "schedule", {{"geometric", PruneSchedule::geometric}, {"cubic", PruneSchedule::cubic}},
            "each step takes the same share of what is left, or the first ones more")),
        steps(static_cast<int>(options.integer(
            "steps", 1, {1, 1000}, "prunings, each followed by training; 1 is one shot"))),
        rewind(options.flag("rewind", false,
                            "after each step what is left goes back to the values it began with")),
        training(options, 100, "epochs of fine-tuning after each step; 0 is none") {
    if (rewind && (steps < 2 || training.epochs == 0)) {
      options.fail("rewind", "rewind needs steps of at least 2 and epochs of at least 1");
    }
  }

  nn::Model operator()(nn::Model model, const Context& context) const {
    const nn::InputScaling inputs = training.scaling(context);
    const nn::TargetScaling targets = training.target_scaling(context);
    const nn::Model given = rewind ? model : nn::Model{};
    for (int step = 1; step <= steps; ++step) {
      const auto gone = select_lowest(magnitudes(model, inputs, targets),
                                      sparsity_at(schedule, sparsity, step, steps), scope);
      if (rewind) model = given;
      set_zero(model, gone);
      model = retrain(std::move(model), training, context, step);
    }
    return model;
  }

  double sparsity;
  Scope scope;
  PruneSchedule schedule;
  int steps;
  bool rewind;
  PassTraining training;
};

template PassDefinition define<MagnitudePrune>(Options&);

}  // namespace pare::compress
