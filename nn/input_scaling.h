#pragma once

#include "nn/dataset.h"

namespace pare::nn {

/// scaled = factor * real + offset, feature by feature: what training sees of the user's units.
struct InputScaling {
  Eigen::RowVectorXf factor;  ///< [features], > 0
  Eigen::RowVectorXf offset;  ///< [features]
};

/// Maps each feature of `data` from its [min, max] to [-1, 1], a constant one to 0. The pixels of
/// images have one range, that of all: they share a unit, and a shift moves one to another's place.
InputScaling fit_input_scaling(const Dataset& data);

/// The scaling that changes nothing.
InputScaling identity_scaling(Index features);

/// `inputs` [samples, features] as training sees them.
Matrix scale(const InputScaling& scaling, const Matrix& inputs);

/// Turns a first layer that expects scaled inputs into one that takes the user's units, and back.
void fold(const InputScaling& scaling, DenseLayer& first);
void unfold(const InputScaling& scaling, DenseLayer& first);

}  // namespace pare::nn
