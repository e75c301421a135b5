#pragma once

#include <vector>

#include "nn/model.h"

namespace pare::nn {

/// What the first layer sees of the user's inputs [samples, features].
Matrix seen_inputs(const Inputs& ends, Matrix inputs);

/// What the user is given of the last layer's outputs [samples, outputs].
Matrix real_outputs(const Outputs& ends, Matrix outputs);

/// What the last layer gives where the user is given `real`: a regression's targets as training
/// sees them. Their meaning adds nothing.
Matrix given_outputs(const Outputs& ends, Matrix real);

/// The same layers between ends that change nothing.
Model without_ends(Model model);

/// The class that each sample's outputs [samples, outputs], as forward() gives them, are for: that
/// of the largest, or of a binary model the second from a probability of 0.5 on.
std::vector<Index> predicted_classes(const Model& model, const Matrix& outputs);

/// The probability of each class, [samples, classes], as far as the model is calibrated, of the
/// outputs that forward() gives.
Matrix class_probabilities(const Model& model, const Matrix& outputs);

/// The class of each sample whose targets [samples, classes] are probabilities: the most likely
/// one.
std::vector<Index> right_classes(const Matrix& targets);

/// A 1 in the column of each sample's class, else 0: [samples, classes].
Matrix one_hot(const std::vector<Index>& classes, Index count);

/// True if the ends change no number.
bool is_identity(const Inputs& ends);
bool is_identity(const Outputs& ends);

/// The values for an int8 model's first layer, [samples, features].
Int8Matrix quantized_inputs(const Model& model, const Matrix& inputs);

}  // namespace pare::nn
