#pragma once

#include <optional>

#include "compress/pass.h"

namespace pare::compress {

/// What training options may be, in [train], [retrain] and passes.
constexpr Range kLearningRates{1e-9, 100};
constexpr Range kDropouts{0, 0.95};
constexpr Range kTeacherShares{0, 1};
constexpr Range kTemperatures{0.1, 1000};

/// How passes of the experiment train.
Retraining retraining(const Context& context);

/// How a pass trains: what its options leave open is as in the experiment's [retrain] table.
struct TrainingOptions {
  /// Reads `epochs`, `learning_rate`, `dropout`, `flip` and `scale_inputs`.
  TrainingOptions(Options& options, int default_epochs, std::string_view epochs_help);

  nn::TrainOptions in(const Context& context) const;

  /// The scaling of the inputs that the pass trains under: what makes first-layer weights, which
  /// are in the user's units, comparable with each other and with those of other layers.
  nn::InputScaling scaling(const Context& context) const;

  /// The same of the targets: what makes last-layer weights comparable, and a teacher's outputs
  /// what training sees.
  nn::TargetScaling target_scaling(const Context& context) const;

  int epochs;
  std::optional<double> learning_rate;
  std::optional<double> dropout;
  std::optional<bool> flip;
  std::optional<bool> scale_inputs;
};

/// The training that a pass gives the model it has changed, from labels and, where [retrain] or its
/// options say so, from the experiment's base model too.
struct PassTraining : TrainingOptions {
  /// Reads `teacher` and `temperature` besides.
  PassTraining(Options& options, int default_epochs, std::string_view epochs_help);

  /// `model` trained under `view`, its gradient under `gradient_view`; as it is if that is no
  /// epochs. `stream` tells apart the trainings of one pass. Throws std::invalid_argument as
  /// nn::train does.
  nn::Model train(nn::Model model, const Context& context, const nn::WeightView& view,
                  const nn::GradientView& gradient_view = {}, int stream = 0) const;

  std::optional<double> teacher;
  std::optional<double> temperature;
};

}  // namespace pare::compress
