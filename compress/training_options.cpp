#include "compress/training_options.h"

#include <utility>

#include "compress/teacher_objective.h"
#include "nn/forward.h"
#include "nn/random.h"

namespace pare::compress {

Retraining retraining(const Context& context) {
  return context.retraining.value_or(Retraining{.options = context.training});
}

TrainingOptions::TrainingOptions(Options& options, int default_epochs, std::string_view epochs_help)
    : epochs(
          static_cast<int>(options.integer("epochs", default_epochs, {0, 1'000'000}, epochs_help))),
      learning_rate(options.optional_number("learning_rate", kLearningRates, "as in [retrain]",
                                            "learning rate of the pass's own training")),
      dropout(options.optional_number("dropout", kDropouts, "as in [retrain]",
                                      "share of hidden activations dropped in it")),
      flip(options.optional_flag("flip", "as in [retrain]", "mirror images at random in it")),
      scale_inputs(options.optional_flag("scale_inputs", "as in [retrain]",
                                         "train on features mapped to [-1, 1]")) {}

nn::TrainOptions TrainingOptions::in(const Context& context) const {
  nn::TrainOptions training = retraining(context).options;
  training.epochs = epochs;
  training.learning_rate = learning_rate.value_or(training.learning_rate);
  training.dropout = dropout.value_or(training.dropout);
  training.flip = flip.value_or(training.flip);
  training.scale_inputs = scale_inputs.value_or(training.scale_inputs);
  return training;
}

nn::InputScaling TrainingOptions::scaling(const Context& context) const {
  return nn::input_scaling(context.train, in(context));
}

nn::TargetScaling TrainingOptions::target_scaling(const Context& context) const {
  return nn::target_scaling(context.train, in(context));
}

PassTraining::PassTraining(Options& options, int default_epochs, std::string_view epochs_help)
    : TrainingOptions(options, default_epochs, epochs_help),
      teacher(options.optional_number(
          "teacher", kTeacherShares, "as in [retrain]",
          "share of the base model's outputs in its loss; the rest is labels")),
      temperature(options.optional_number("temperature", kTemperatures, "as in [retrain]",
                                          "softmax temperature with a teacher, for classes")) {}

nn::Model PassTraining::train(nn::Model model, const Context& context, const nn::WeightView& view,
                              const nn::GradientView& gradient_view, int stream) const {
  if (epochs == 0) return model;
  nn::TrainHooks hooks{.objective = {},
                       .view = view,
                       .gradient_view = gradient_view,
                       .validation = &context.validation,
                       .on_epoch = context.on_epoch};
  const Retraining defaults = retraining(context);
  const double share = teacher.value_or(defaults.teacher);
  if (share > 0) {
    hooks.objective = TeacherObjective(
        context.train.task,
        nn::scale(target_scaling(context), nn::forward(*context.base, context.train.inputs)), {},
        share, temperature.value_or(defaults.temperature));
  }
  return nn::train(
      std::move(model), context.train, in(context),
      nn::derive_seed(context.seed, nn::Stream::retraining, static_cast<std::uint64_t>(stream)),
      hooks);
}

}  // namespace pare::compress
