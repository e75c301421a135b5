#pragma once

#include <vector>

#include "compress/calibration.h"
#include "compress/int8_layer.h"
#include "compress/quantization_training.h"
#include "compress/training_options.h"

namespace pare::compress {

/// How a weight becomes an integer.
enum class Rounding : std::uint8_t { nearest, gptq };

/// What every pass that quantizes can be told, besides the format of the weights.
struct QuantizationOptions {
  QuantizationOptions(Options& options, int default_epochs);

  Calibrator calibrator;
  bool two_largest_logits;  ///< what the last range of a classifier covers; else all outputs
  bool bias_correction;
  Rounding rounding;
  ScaleRule scales;
  nn::Requantizing requantizing;
  PassTraining training;
};

/// `model` (float32) in integers: layer i with weights of formats[i], activations in int8; trained
/// for that first where options.training has epochs. Ranges, compensations and corrections come
/// from at most 10,000 training inputs, layer by layer, each layer seeing what the quantized ones
/// before it give. For more than two classes and options.two_largest_logits the last layer's range
/// is that of each sample's two largest outputs: smaller ones saturate.
nn::Model quantize(nn::Model model, const std::vector<WeightFormat>& formats,
                   const QuantizationOptions& options, const Context& context);

}  // namespace pare::compress
