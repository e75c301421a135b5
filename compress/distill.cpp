#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <stdexcept>

#include "compress/define_pass.h"
#include "compress/quantization_training.h"
#include "compress/teacher_objective.h"
#include "compress/training_options.h"
#include "nn/forward.h"
#include "nn/mlp.h"
#include "nn/random.h"

namespace pare::compress {
namespace {

/// The widths of the hidden layers.
std::vector<nn::Index> hidden_widths(const nn::Model& model) {
  std::vector<nn::Index> widths;
  for (const nn::Layer& layer : model.layers) widths.push_back(nn::output_count(layer));
  widths.pop_back();
  return widths;
}

/// That of the first hidden layer that has one: low_rank leaves layers without.
nn::Activation hidden_activation(const nn::Model& model) {
  for (std::size_t i = 0; i + 1 < model.layers.size(); ++i) {
    const nn::Activation activation = std::get<nn::DenseLayer>(model.layers[i]).activation;
    if (activation != nn::Activation::identity) return activation;
  }
  return nn::Activation::identity;
}

/// Which of `count` samples keep their label: `fraction` of them, at random.
std::vector<bool> choose_labelled(nn::Index count, double fraction, std::uint64_t seed) {
  const std::vector<nn::Index> order = nn::Random(seed, nn::Stream::kept_labels).permutation(count);
  std::vector<bool> labelled(order.size(), false);
  const auto kept = static_cast<std::size_t>(std::round(fraction * static_cast<double>(count)));
  for (std::size_t i = 0; i < kept; ++i) labelled[static_cast<std::size_t>(order[i])] = true;
  return labelled;
}

/// The middle one of `layers` hidden layers (FitNets, section 3), counted from 0.
std::size_t middle_layer(std::size_t layers) { return (layers - 1) / 2; }

/// The first layers of a model, up to `last`, which is among them.
nn::Model first_layers(const nn::Model& model, std::size_t last) {
  const auto end = model.layers.begin() + static_cast<std::ptrdiff_t>(last) + 1;
  return {{model.layers.begin(), end}};
}

/// Trains `student` up to its middle hidden layer so that a regressor, an added layer, gives the
/// outputs of the teacher's middle hidden layer; then drops the regressor. It is linear, where the
/// paper gives it the teacher's activation: one of its ReLUs that dies would teach nothing.
/// Source: FitNets, section 2.2, equation 3, and algorithm 1.
void learn_hints(nn::Model& student, const nn::Model& teacher, const Context& context,
                 nn::TrainOptions training) {
  training.scale_targets = false;  // hints are no targets: units that hardly vary hint at little
  if (teacher.layers.size() < 2) {
    throw std::invalid_argument("the teacher has no hidden layer that could give hints");
  }
  const nn::Model hinting = first_layers(teacher, middle_layer(teacher.layers.size() - 1));
  const std::size_t guided = middle_layer(student.layers.size() - 1);
  nn::Model guided_model = first_layers(student, guided);
  guided_model.layers.push_back(
      nn::make_mlp({nn::output_count(guided_model), nn::output_count(hinting)},
                   nn::Activation::identity, nn::derive_seed(context.seed, nn::Stream::hints))
          .layers[0]);
  const auto hints_for = [&](const nn::Dataset& data) {
    return nn::Dataset{data.inputs, nn::forward(hinting, data.inputs), nn::Task::regression,
                       data.image};
  };
  const nn::Dataset validation = hints_for(context.validation);
  nn::TrainHooks hooks;
  hooks.validation = &validation;
  hooks.on_epoch = context.on_epoch;
  guided_model =
      nn::train(std::move(guided_model), hints_for(context.train), training, context.seed, hooks);
  for (std::size_t i = 0; i <= guided; ++i) student.layers[i] = std::move(guided_model.layers[i]);
}

}  // namespace

/// Replaces the model by a new, narrower one that is trained on the model's outputs, as [retrain]
/// says but for `alpha`, which stands for its `teacher`. With several teachers the others are
/// trained here, as the experiment trains, in the model's own widths and from other seeds; the
/// student sees the mean of their outputs, for classes of their logits: up to its norm the
/// geometric mean of their probabilities (Hinton et al., section 1). With `bits` the student learns
/// in one go to be small and to be quantized: Mishra and Marr, "Apprentice", ICLR 2018,
/// section 3.1.
struct Distill {
  static constexpr PassInfo kInfo{
      .summary = "trains a new, narrower model on the outputs of the one it replaces",
      .source =
          "Hinton, Vinyals, Dean, \"Distilling the Knowledge in a Neural Network\", "
          "arXiv:1503.02531, 2015, section 2; hints: Romero et al., \"FitNets: Hints for Thin Deep "
          "Nets\", ICLR 2015, section 2.2"};

  explicit Distill(Options& options)
      : widths(options.integers("widths", {8, 8}, 1, {1, 65535}, "hidden widths of the student")),
        alpha(options.number("alpha", 0.9, kTeacherShares,
                             "share of the teacher in the loss; the rest is labels")),
        temperature(
            options.optional_number("temperature", kTemperatures, "as in [retrain]",
                                    "softmax temperature, for classes; regression has none")),
        teachers(options.integer("teachers", 1, {1, 100},
                                 "the model and others of its widths, trained for this")),
        labels(options.number("labels", 1, {0, 1},
                              "fraction of the samples whose label is used; the teacher has all")),
        hint_epochs(static_cast<int>(
            options.integer("hint_epochs", 0, {0, 1e6},
                            "epochs on the teacher's middle hidden layer first; 0 is no hints"))),
        bits(static_cast<int>(options.integer(
            "bits", 0, {0, 8},
            "that the student's weights are rounded to in training, for a pass that quantizes "
            "them next; 0 is none"))),
        training(options, 600, "passes over the training data") {}

  nn::Model operator()(const nn::Model& teacher, const Context& context) const {
    const std::vector<nn::Index> hidden(widths.begin(), widths.end());
    const nn::Activation activation = hidden_activation(teacher);
    nn::TrainOptions options = training.in(context);
    options.epochs = 0;
    nn::Model student = nn::train_new(hidden, activation, context.train, options, context.seed);
    options.epochs = hint_epochs;
    if (hint_epochs > 0) learn_hints(student, teacher, context, options);
    nn::TrainHooks hooks;
    hooks.validation = &context.validation;
    hooks.on_epoch = context.on_epoch;
    hooks.objective = TeacherObjective(
        context.train.task,
        nn::scale(training.target_scaling(context), mean_outputs(teacher, context)),
        choose_labelled(context.train.inputs.rows(), labels, context.seed), alpha,
        temperature.value_or(retraining(context).temperature));
    std::optional<QuantizationTraining> quantized;
    if (bits > 0) {
      const std::vector<WeightFormat> formats(student.layers.size(), {.bits = bits});
      hooks.view = quantized.emplace(student, formats, ScaleRule::follow).view();
    }
    return nn::train(std::move(student), context.train, training.in(context), context.seed, hooks);
  }

  /// What the teachers give for the training inputs, on average: [samples, outputs].
  nn::Matrix mean_outputs(const nn::Model& teacher, const Context& context) const {
    nn::TrainHooks hooks;
    hooks.validation = &context.validation;
    hooks.on_epoch = context.on_epoch;
    nn::Matrix sum = nn::forward(teacher, context.train.inputs);
    for (std::int64_t i = 1; i < teachers; ++i) {
      const nn::Model other = nn::train_new(
          hidden_widths(teacher), hidden_activation(teacher), context.train, context.training,
          nn::derive_seed(context.seed, nn::Stream::other_teachers, static_cast<std::uint64_t>(i)),
          hooks);
      sum += nn::forward(other, context.train.inputs);
    }
    return sum / static_cast<float>(teachers);
  }

  std::vector<std::int64_t> widths;
  double alpha;
  std::optional<double> temperature;
  std::int64_t teachers;
  double labels;
  int hint_epochs;
  int bits;
  TrainingOptions training;
};

template PassDefinition define<Distill>(Options&);

}  // namespace pare::compress
