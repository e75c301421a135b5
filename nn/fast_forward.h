#pragma once

#include <array>
#include <vector>

#include "nn/packed_layer.h"

namespace pare::nn {

/// nn::forward, one sample after the other, as fast as this processor does it: weights in the order
/// in which they are read, inputs that are 0 skipped, every buffer made once. Its int8 outputs are
/// the bytes of nn::forward_int8; its float sums are taken in another order than nn::forward's.
class FastForward {
 public:
  /// Copies the weights.
  explicit FastForward(const Model& model);

  /// One sample between the model's ends: what its first layer sees [inputs], and what its last one
  /// gives [outputs]; an int8 model quantizes the ones and dequantizes the others.
  void run(const float* inputs, float* outputs);

  /// One sample of an int8 model.
  void run(const std::int8_t* inputs, std::int8_t* outputs);

  /// nn::forward: inputs [samples, inputs] to outputs [samples, outputs], in the user's units.
  Matrix operator()(const Matrix& inputs);

 private:
  /// Layers of one arithmetic, and two buffers of words between which they go back and forth.
  template <class Layer, class Word>
  struct Chain {
    std::vector<Layer> layers;
    std::array<std::vector<Word>, 2> buffers;

    void add(Layer layer);
    /// From inputs in the first buffer; gives where the outputs are.
    const Word* run();
  };

  Inputs inputs_;
  Outputs outputs_;
  Index input_count_;
  Index output_count_;
  Chain<PackedFloatLayer, float> float32_;
  Chain<PackedInt8Layer, std::uint32_t> int8_;
  Quantization input_;  // of an int8 model
  Quantization output_;
};

/// nn::forward by whichever way is faster for many samples: for an int8 model by FastForward.
Matrix fast_forward(const Model& model, const Matrix& inputs);

}  // namespace pare::nn
