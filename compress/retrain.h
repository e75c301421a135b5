#pragma once

#include "compress/training_options.h"
#include "nn/input_scaling.h"

namespace pare::compress {

/// The scaling of the inputs that passes train under: what makes first-layer weights,
/// which are in the user's units, comparable with each other and with those of other layers.
nn::InputScaling training_scaling(const Context& context);

/// `model` trained as `training` says with every weight that is 0 kept 0; as it is if that is no
/// epochs. `stream` tells apart the trainings of one pass.
nn::Model retrain(nn::Model model, const PassTraining& training, const Context& context,
                  int stream = 0);

}  // namespace pare::compress
