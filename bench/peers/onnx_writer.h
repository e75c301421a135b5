#pragma once

#include <string>

#include "nn/model.h"

namespace pare::bench {

/// The bytes of an ONNX file, opset 13, that computes `model`, for `./pare bench peers`: float
/// "inputs" [N, inputs] to float "outputs" [N, outputs] by one Gemm a layer; an int8 model as
/// QuantizeLinear and DequantizeLinear around each, which ONNX Runtime makes one integer operation
/// of, with activations as uint8, its fastest. Throws std::invalid_argument for a model with tanh
/// or sigmoid.
/// Source: onnx.proto3 of ONNX 1.12 and Protocol Buffers, "Encoding".
std::string onnx_bytes(const nn::Model& model);

}  // namespace pare::bench
