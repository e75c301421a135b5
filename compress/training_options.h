#pragma once

#include <optional>

#include "compress/pass.h"

namespace pare::compress {

/// The training that a pass does itself: what its options leave open is as in the experiment's
/// [train] table.
struct PassTraining {
  /// Reads `epochs`, `learning_rate` and `dropout`.
  PassTraining(Options& options, int default_epochs, std::string_view epochs_help);

  nn::TrainOptions in(const Context& context) const;

  int epochs;
  std::optional<double> learning_rate;
  std::optional<double> dropout;  ///< a pruned or narrow model has less to spare
};

}  // namespace pare::compress
