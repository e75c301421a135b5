#pragma once

#include <vector>

#include "compress/calibration.h"
#include "compress/int8_layer.h"
#include "compress/training_options.h"

namespace pare::compress {

/// What every pass that quantizes can be told, besides the format of the weights.
struct QuantizationOptions {
  explicit QuantizationOptions(Options& options);

  Calibrator calibrator;
  bool bias_correction;
};

/// `model` (float32) in integers: layer i with weights of formats[i], activations in int8. Ranges,
/// compensations and corrections come from at most 10,000 training inputs, layer by layer, each
/// layer seeing what the quantized ones before it give.
nn::Model quantize(const nn::Model& model, const std::vector<WeightFormat>& formats,
                   const QuantizationOptions& options, const Context& context);

}  // namespace pare::compress
