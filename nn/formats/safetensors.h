#pragma once

#include <filesystem>
#include <string>

#include "nn/model.h"

namespace pare::nn {

/// Writes `model` as a safetensors file, which Python's `safetensors` package reads as it is:
/// tensors layers.N.weight (F32 or I8, [outputs, inputs]) and layers.N.bias (F32 or I32), for int8
/// also layers.N.weight_scales, layers.N.{input,output}_scale (F32) and _zero_point (I32), for tanh
/// and others that are looked up layers.N.pre_activation_scale and _zero_point; where they say
/// anything inputs.offset, inputs.factor, outputs.factor and outputs.offset (F32). In __metadata__
/// are the number of layers, the activations, how often int8 layers round, and a CRC-32 of the
/// whole file, taken with zeros in place of its own eight digits. Throws std::runtime_error if the
/// file cannot be written. Source: huggingface/safetensors README, section "Format".
void save(const Model& model, const std::filesystem::path& path);

/// The bytes of that file, and the model in them.
std::string to_safetensors(const Model& model);
Model from_safetensors(std::string bytes);

/// The model in a file that `save` wrote. Throws std::runtime_error, naming the file and what is
/// wrong, if it cannot be read, is not whole to the last bit, has too little or too much for a
/// model, or its model fails check().
Model load(const std::filesystem::path& path);

}  // namespace pare::nn
