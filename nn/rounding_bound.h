#pragma once

#include "nn/model.h"

namespace pare::nn {

/// How far float32 outputs may be from the exact ones, whatever the order of the sums and whether
/// products are fused with them: [samples, outputs] for a float32 model and real inputs [samples,
/// features]. Two implementations may differ by twice as much, and more is a fault. Layer by layer,
/// with e what the inputs x may be off:
///     e' = slope * (g(n + 1) * (sum_i |w_i| (|x_i| + e_i) + |b|) + sum_i |w_i| e_i) + rounding
/// where g(k) = k u / (1 - k u), u = 2^-24, n the inputs of the layer, and slope and rounding the
/// largest slope of the activation function and what its own arithmetic adds.
/// Source: Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, 2002, sections
/// 3.1 (equations 3.3 to 3.5) and 4.2 (any order).
Eigen::MatrixXd rounding_bound(const Model& model, const Matrix& inputs);

}  // namespace pare::nn
