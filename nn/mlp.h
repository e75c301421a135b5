#pragma once

#include <cstdint>
#include <vector>

#include "nn/model.h"

namespace pare::nn {

/// A float model of the given widths, inputs first and outputs last, such as {1, 16, 16, 1}: the
/// hidden layers end in `hidden`, the last one in identity. It expects inputs of about [-1, 1]:
/// weights are uniform in +-1 / sqrt(inputs), as are the first layer's biases, which spreads the
/// kinks of a ReLU layer over the range; other biases are 0. Throws std::invalid_argument unless
/// there are two widths, all > 0.
/// Source: LeCun, Bottou, Orr, Mueller, "Efficient BackProp", 1998, section 4.6, and the default of
/// torch.nn.Linear, whose variance is a third of theirs.
Model make_mlp(const std::vector<Index>& widths, Activation hidden, std::uint64_t seed);

}  // namespace pare::nn
