#pragma once

#include <string>
#include <vector>

#include "nn/model.h"

namespace pare::nn::tflite {

/// The bytes of a TFLite file of a model; the same model gives the same bytes. Adds to `losses`
/// what the file cannot hold. Throws std::invalid_argument, naming the layer, for an activation
/// that TFLite does not have.
std::string write(const Model& model, std::vector<std::string>& losses);

}  // namespace pare::nn::tflite
