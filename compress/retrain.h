#pragma once

#include "compress/training_options.h"

namespace pare::compress {

/// `model` trained as `training` says with every weight that is 0 kept 0; as it is if that is no
/// epochs. `stream` tells apart the trainings of one pass.
nn::Model retrain(nn::Model model, const PassTraining& training, const Context& context,
                  int stream = 0);

}  // namespace pare::compress
