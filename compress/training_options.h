#pragma once

#include <optional>

#include "compress/pass.h"

namespace pare::compress {

/// The training that a pass does itself: what its options leave open is as in the experiment's
/// [train] table.
struct PassTraining {
  /// Reads `epochs`, `learning_rate`, `dropout` and `flip`.
  PassTraining(Options& options, int default_epochs, std::string_view epochs_help);

  nn::TrainOptions in(const Context& context) const;

  int epochs;
  std::optional<double> learning_rate;
  // A pruned or narrow model has less to spare than the one that [train] is meant for.
  std::optional<double> dropout;
  std::optional<bool> flip;
};

}  // namespace pare::compress
