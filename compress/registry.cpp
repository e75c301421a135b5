#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <stdexcept>

#include "compress/pass.h"
#include "nn/ends.h"
#include "nn/nearest_name.h"
#include "nn/quantization.h"

namespace pare::compress {

namespace {

struct Entry {
  std::string_view name;
  PassDefinition (*define)(Options&);
};

}  // namespace

// One line per pass, sorted. `struct P` also declares P, so a pass needs no header.
constexpr std::array kPasses{
    Entry{"cluster_weights", define<struct ClusterWeights>},
    Entry{"distill", define<struct Distill>},
    Entry{"equalize", define<struct Equalize>},
    Entry{"finetune", define<struct Finetune>},
    Entry{"low_rank", define<struct LowRank>},
    Entry{"magnitude_prune", define<struct MagnitudePrune>},
    Entry{"neuron_prune", define<struct NeuronPrune>},
    Entry{"nm_prune", define<struct NmPrune>},
    Entry{"obs_prune", define<struct ObsPrune>},
    Entry{"quantize_int8", define<struct QuantizeInt8>},
    Entry{"quantize_weights", define<struct QuantizeWeights>},
};

Step make_step(std::string_view name, Options::Values values, const std::string& where) {
  const auto* found =
      std::find_if(kPasses.begin(), kPasses.end(), [&](const Entry& e) { return e.name == name; });
  if (found == kPasses.end()) {
    const std::vector<std::string_view> known = pass_names();
    throw std::invalid_argument(
        located(where, fmt::format("unknown pass '{}'; known: {}{}", name, fmt::join(known, ", "),
                                   nn::did_you_mean(name, known))));
  }
  Options options(std::string(name), std::move(values), where);
  PassDefinition definition = found->define(options);
  options.expect_empty();
  const double epochs = options.read_number("epochs").value_or(0) *
                        std::max(1.0, options.read_number("steps").value_or(1));
  return {std::string(name),  where,  definition.info,           options.docs(),
          options.resolved(), epochs, std::move(definition.pass)};
}

std::vector<std::string_view> pass_names() {
  std::vector<std::string_view> names;
  for (const Entry& entry : kPasses) names.push_back(entry.name);
  return names;
}

void check_order(const std::vector<Step>& steps) {
  for (std::size_t i = 1; i < steps.size(); ++i) {
    const Step& before = steps[i - 1];
    if (before.info.gives == nn::Arithmetic::float32) continue;
    const Step& step = steps[i];
    throw std::invalid_argument(located(
        step.where,
        fmt::format("{} cannot follow {}: it needs a float32 model, and {} leaves {}; put {} last",
                    step.name, before.name, before.name, nn::name(before.info.gives),
                    before.name)));
  }
}

namespace {

/// A context as it is between the ends of a model.
class BetweenEnds {
 public:
  BetweenEnds(const nn::Model& model, const Context& context)
      : base_(nn::without_ends(nn::dequantized(context.base == nullptr ? model : *context.base))),
        train_(nn::between_ends(context.train, model)),
        validation_(nn::between_ends(context.validation, model)),
        context_{*train_,          *validation_, context.training,  context.seed,
                 context.on_epoch, &base_,       context.retraining} {
    // A last layer that ends in an activation gives its range, whatever the targets' scale is.
    const auto& last = std::get<nn::DenseLayer>(base_.layers.back());
    if (last.activation == nn::Activation::identity) return;
    context_.training.scale_targets = false;
    if (context_.retraining) context_.retraining->options.scale_targets = false;
  }

  const Context& context() const { return context_; }

 private:
  nn::Model base_;
  std::shared_ptr<const nn::Dataset> train_;
  std::shared_ptr<const nn::Dataset> validation_;
  Context context_;
};

}  // namespace

Compressed run(const std::vector<Step>& steps, const nn::Model& model, const Context& context) {
  check_order(steps);
  // Passes work on what lies between the model's ends, which they leave as they are.
  const BetweenEnds between(model, context);
  // Passes take float weights: those that an int8 model of a file stands for.
  Compressed result{steps.empty() ? model : nn::without_ends(nn::dequantized(model)), {}};
  for (const Step& step : steps) {
    const auto start = std::chrono::steady_clock::now();
    try {
      result.model = step.pass(std::move(result.model), between.context());
      nn::check(result.model);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(
          located(step.where, fmt::format("{}: {}", step.name, error.what())));
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(located(step.where, fmt::format("{}: {}", step.name, error.what())));
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    result.step_seconds.push_back(elapsed.count());
  }
  result.model.inputs = model.inputs;
  result.model.outputs = model.outputs;
  return result;
}

}  // namespace pare::compress
