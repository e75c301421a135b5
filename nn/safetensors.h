#pragma once

#include <filesystem>

#include "nn/model.h"

namespace pare::nn {

/// Writes `model` as a safetensors file, which Python's `safetensors` package reads as it is:
/// tensors layers.N.weight (F32 or I8, [outputs, inputs]) and layers.N.bias (F32 or I32), for int8
/// also layers.N.weight_scales, layers.N.{input,output}_scale (F32) and _zero_point (I32), for tanh
/// and sigmoid layers.N.pre_activation_scale and _zero_point; the activations and a CRC-32 of the
/// tensor data are in __metadata__. Throws std::runtime_error if the file cannot be written.
/// Source: huggingface/safetensors README, section "Format".
void save(const Model& model, const std::filesystem::path& path);

/// The model in a file that `save` wrote. Throws std::runtime_error, naming the file and what is
/// wrong, if it cannot be read, is truncated or corrupted, or does not hold a model.
Model load(const std::filesystem::path& path);

}  // namespace pare::nn
