#pragma once

#include <string>
#include <vector>

#include "nn/model.h"

namespace pare::nn::onnx {

/// Keys of a file's metadata for what ONNX has no place for. Values are JSON: lists of texts, and
/// of the meaning a text.
constexpr const char* kClassNames = "class_names";      ///< of outputs
constexpr const char* kFeatureNames = "feature_names";  ///< of inputs
constexpr const char* kMeaning = "meaning";             ///< of outputs, where no softmax says it
constexpr const char* kRequantizing = "requantizing";   ///< of each layer

/// The bytes of a file, in opset 13; the same model gives the same ones. Adds to `losses` what
/// other programs make otherwise of the file.
std::string write(const Model& model, std::vector<std::string>& losses);

}  // namespace pare::nn::onnx
