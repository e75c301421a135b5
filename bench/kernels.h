#pragma once

#include "bench/table.h"
#include "nn/model.h"

namespace pare::bench {

/// A model of that shape with random weights, as quantization leaves them: one scale a row, ReLU
/// and a zero point of -128 after all layers but the last, after that too if it is the only one.
/// About `sparsity` of the weights, in [0, 1), are 0.
nn::Model random_int8_model(const std::vector<nn::Index>& widths, double sparsity = 0);

/// Builds each model of the kernel table for the emulated board, measures it, and sets it beside
/// the best figure of others. Throws as measure_board does, and std::runtime_error if a board's
/// outputs are not the reference's.
Table kernel_table();

}  // namespace pare::bench
