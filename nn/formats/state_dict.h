#pragma once

#include "nn/formats/format.h"
#include "nn/formats/tensor_file.h"

namespace pare::nn {

/// The model in the tensors of PyTorch's state_dict: NAME.weight [outputs, inputs] and NAME.bias,
/// if there is one, of each linear layer, in the order of `options.layers`, else of their names,
/// numbers in them counting as numbers. BatchNorm1d (running_mean, running_var, eps 1e-5) goes into
/// the layer before it. Activations are not in the file: options.activation between the layers,
/// none behind the last. Throws as ModelFormat::read does. Source: PyTorch 2 documentation,
/// torch.nn.Linear and torch.nn.BatchNorm1d.
ReadModel read_state_dict(TensorFile file, const ReadOptions& options);

}  // namespace pare::nn
