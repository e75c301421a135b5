#pragma once

#include "nn/model.h"

namespace pare::compress {

/// The numbers that the weights of a layer may be.
struct WeightFormat {
  int bits = 8;             ///< in [1, 8]
  bool scale_a_row = true;  ///< one scale for each output row, or one for the whole layer
};

/// Quantized weights lie in [-limit, limit]: 127 for 8 bits, 7 for 4, 1 for 2 (ternary). With 1 bit
/// they are -1 or 1, and 0 only where a weight was 0 before.
int weight_limit(int bits);

/// The integer nearest to weight / scale that has so many bits, ties away from zero.
std::int8_t round_weight(float weight, float scale, int bits);

/// The scale that suits the weights of one row or layer. 8 bits: the largest |weight| is 127.
/// Fewer: the least squared error of the rounded weights, from 64 first scales by Lloyd's
/// iteration, whose fixed point for 2 bits is the optimum of ternary weight networks, and for 1 bit
/// the mean |weight|. 0 if all weights are 0.
/// Source: Li, Zhang, Liu, "Ternary Weight Networks", arXiv:1605.04711, 2016, section 2.2;
/// Rastegari et al., "XNOR-Net", ECCV 2016, section 3.1.
float weight_scale(const Eigen::Ref<const nn::Vector>& weights, int bits);

/// One scale for each row of `weights`, or one for all: [outputs] or [1].
nn::Vector weight_scales(const nn::Matrix& weights, const WeightFormat& format);

/// The largest scale of which all `weights` are multiples, at most weight_limit(bits) times it; the
/// scale that suits weights which are none. 0 if all are 0.
float rounded_scale(const Eigen::Ref<const nn::Vector>& weights, int bits);

/// The same of rounded_scale.
nn::Vector rounded_scales(const nn::Matrix& weights, const WeightFormat& format);

/// `scale` moved to where it suits the weights, as weight_scale does but by one step only.
float followed_scale(const Eigen::Ref<const nn::Vector>& weights, int bits, float scale);

/// Each weight becomes scale times an integer; a scale of 0 leaves them.
void round_in_place(Eigen::Ref<nn::Vector> weights, int bits, float scale);

/// `scales` as an int8 layer can have them: widened where a bias would not fit 30 bits, and for a
/// row whose weights are all 0 the largest of the others', so that it is computed like them; if
/// there is none, the one that makes the bias's unit a 256th of the output's.
nn::Vector legal_scales(const nn::Vector& scales, const nn::Vector& bias,
                        const nn::Quantization& input, const nn::Quantization& output);

/// Each weight to the nearest integer.
nn::Int8Matrix round_nearest(const nn::Matrix& weights, const nn::Vector& scales, int bits);

}  // namespace pare::compress
