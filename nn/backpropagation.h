#pragma once

#include <vector>

#include "nn/random.h"
#include "nn/train.h"

namespace pare::nn {

/// Forward and backward passes of a float model over batches, with every buffer made once: the
/// parameters and their gradient are flat vectors, layer by layer, weights row by row then bias.
/// Source: Rumelhart, Hinton, Williams, "Learning representations by back-propagating errors",
/// 1986.
class Backpropagation {
 public:
  /// Hidden activations are set to 0 with probability `rate` and the others scaled by 1 / (1 -
  /// rate). Source: Srivastava et al., "Dropout", JMLR 2014, section 10 (the scaled form).
  struct Dropout {
    double rate = 0;
    std::uint64_t seed = 0;
  };

  /// For batches of at most `batch_size` samples.
  Backpropagation(const Model& model, Index batch_size, WeightView view, Dropout dropout);

  Vector& parameters() { return parameters_; }
  const Vector& gradient() const { return gradient_; }

  /// The objective of `batch` at the present parameters; leaves its gradient in gradient().
  double compute_gradient(const Batch& batch, const Objective& objective);

  /// Lets `view` edit the gradient of each layer's weights.
  void edit_gradient(const GradientView& view, double rate);

  /// Writes the parameters into `model`, the weights as the view shows them.
  void store(Model& model);

 private:
  /// One layer's place in the flat vectors, and what its passes leave for each other.
  struct LayerState {
    Index outputs;
    Index inputs;
    Index offset;  // of the weights in the flat vectors
    Activation activation;
    Matrix viewed;       // [outputs, inputs], what the forward pass multiplies by
    Matrix activations;  // [batch, outputs], after the activation
    Matrix deltas;       // [batch, outputs], d loss / d (before the activation)
    Matrix kept;         // [batch, outputs], what dropout multiplied by; empty without
  };
  using WeightMap = Eigen::Map<Matrix>;
  using BiasMap = Eigen::Map<Vector>;

  /// A layer's part of a flat vector: the parameters, or their gradient.
  WeightMap weights(Vector& flat, const LayerState& layer);
  BiasMap bias(Vector& flat, const LayerState& layer);
  void apply_view(std::size_t index);
  void forward(const ConstMatrixRef& inputs);
  void backward(const ConstMatrixRef& inputs);

  void drop(LayerState& layer, Index samples);

  std::vector<LayerState> layers_;
  WeightView view_;
  float dropout_;
  Random random_;
  Vector parameters_;
  Vector gradient_;
};

}  // namespace pare::nn
