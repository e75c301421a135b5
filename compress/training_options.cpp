#include "compress/training_options.h"

namespace pare::compress {

PassTraining::PassTraining(Options& options, int default_epochs, std::string_view epochs_help)
    : epochs(
          static_cast<int>(options.integer("epochs", default_epochs, {0, 1'000'000}, epochs_help))),
      learning_rate(options.optional_number("learning_rate", {1e-9, 100}, "as in [train]",
                                            "learning rate of the pass's own training")),
      dropout(options.optional_number("dropout", {0, 0.95}, "as in [train]",
                                      "share of hidden activations dropped in it")),
      flip(options.optional_flag("flip", "as in [train]", "mirror images at random in it")) {}

nn::TrainOptions PassTraining::in(const Context& context) const {
  nn::TrainOptions training = context.training;
  training.epochs = epochs;
  training.learning_rate = learning_rate.value_or(training.learning_rate);
  training.dropout = dropout.value_or(training.dropout);
  training.flip = flip.value_or(training.flip);
  return training;
}

}  // namespace pare::compress
