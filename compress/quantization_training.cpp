#include "compress/quantization_training.h"

#include <utility>

namespace pare::compress {

QuantizationTraining::QuantizationTraining(const nn::Model& model,
                                           std::vector<WeightFormat> formats)
    : keep_zeros_(nn::keep_zeros(model)), formats_(std::move(formats)) {
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    scales_.push_back(
        weight_scales(std::get<nn::DenseLayer>(model.layers[i]).weights, formats_[i]));
  }
}

nn::WeightView QuantizationTraining::view() {
  return [this](std::size_t layer, nn::Matrix& weights) { show(layer, weights); };
}

void QuantizationTraining::show(std::size_t layer, nn::Matrix& weights) {
  keep_zeros_(layer, weights);
  const WeightFormat& format = formats_[layer];
  nn::Vector& scales = scales_[layer];
  for (nn::Index i = 0; i < scales.size(); ++i) {
    float* first = weights.data() + i * weights.cols();
    const nn::Index count = format.scale_a_row ? weights.cols() : weights.size();
    follow_scale(Eigen::Map<nn::Vector>(first, count), format.bits, scales[i]);
  }
}

}  // namespace pare::compress
