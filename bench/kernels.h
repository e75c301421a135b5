#pragma once

#include <string>

#include "bench/board_peers.h"
#include "bench/table.h"
#include "nn/model.h"

namespace pare::bench {

/// A model of that shape with random weights, as quantization leaves them: one scale a row, ReLU
/// and a zero point of -128 after all layers but the last, after that too if it is the only one.
/// About `sparsity` of the weights, in [0, 1), are 0.
nn::Model random_int8_model(const std::vector<nn::Index>& widths, double sparsity = 0);

/// The same weights with one scale a layer, which is all that the peers' kernels know of.
nn::Model one_scale_a_layer(nn::Model model);

/// Inputs to time a model with, uniform in [-1, 1], [16, features].
nn::Matrix random_inputs(nn::Index features);

/// Builds each model of the kernel table for the emulated board and measures it, and so the peers:
/// plain C always, CMSIS-NN where `library` is no null; else its figures are recorded ones. What
/// others published stands beside that. Throws as measure_board and measure_plain_c do, and
/// std::runtime_error if a board's outputs are not the reference's.
Table kernel_table(const CmsisNn* library);

/// How to read that table, and where its peers come from.
std::string kernel_notes(const CmsisNn* library);

}  // namespace pare::bench
