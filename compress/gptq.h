#pragma once

#include "compress/linear_algebra.h"

namespace pare::compress {

/// H = inputs^T inputs / samples, [features, features]: the error of an output that weights off by
/// e cause is e^T H e in the mean. `centered` takes the mean of each feature off first, which is
/// right where the bias makes up for the mean error anyway. Inputs are [samples, features].
DoubleMatrix input_hessian(const nn::Matrix& inputs, bool centered);

/// Each weight to an integer of `bits` bits, one input at a time, those with the largest diagonal
/// of H first; the weights that are not yet rounded make up for the error of those that are. A
/// weight of 0 becomes 0. A row whose nearest integers have the smaller e^T H e gets those.
/// `scales` are [1] or [outputs]. Source: Frantar et al., "GPTQ: Accurate Post-Training
/// Quantization for Generative Pre-trained Transformers", ICLR 2023, section 3, with 1 % damping;
/// zeros as in Frantar and Alistarh, "SparseGPT", ICML 2023, section 3.5.
nn::Int8Matrix round_gptq(const nn::Matrix& weights, const nn::Vector& scales, int bits,
                          const DoubleMatrix& hessian);

}  // namespace pare::compress
