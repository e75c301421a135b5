#pragma once

#include "nn/dataset.h"

namespace pare::nn {

/// real = factor * scaled + offset, target by target: what training makes of the user's units, so
/// that neither the mean of a target nor its unit decides how fast it is learnt.
struct TargetScaling {
  Eigen::RowVectorXf factor;  ///< [outputs], > 0
  Eigen::RowVectorXf offset;  ///< [outputs]
};

/// Maps each target of a regression to mean 0 and standard deviation 1, a constant one to 0; the
/// targets of a classification are probabilities and stay.
/// Source: LeCun, Bottou, Orr, Mueller, "Efficient BackProp", 1998, section 4.3.
TargetScaling fit_target_scaling(const Dataset& data);

/// The scaling that changes nothing.
TargetScaling identity_target_scaling(Index outputs);

/// `targets` [samples, outputs], or a model's outputs, as training sees them.
Matrix scale(const TargetScaling& scaling, const Matrix& targets);

/// Turns a last layer, which must be linear, that gives scaled targets into one that gives the
/// user's units, and back.
void fold(const TargetScaling& scaling, DenseLayer& last);
void unfold(const TargetScaling& scaling, DenseLayer& last);

}  // namespace pare::nn
