#pragma once

#include <vector>

#include "nn/random.h"
#include "nn/train.h"

namespace pare::nn {

class Team;
struct Part;

/// Forward and backward passes of a float model over batches, with every buffer made once: the
/// parameters and their gradient are flat vectors, layer by layer, weights row by row then bias,
/// every row padded as `multiply` wants it with parameters that are 0 and stay so.
/// Threads share the samples of a batch on the way there and back, and the rows of the gradient:
/// every number is computed by one of them, so that their number changes no result.
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

  /// For batches of at most `batch_size` samples; `team` must outlive this.
  Backpropagation(const Model& model, Index batch_size, WeightView view, Dropout dropout,
                  Team& team);

  Vector& parameters() { return parameters_; }
  const Vector& gradient() const { return gradient_; }

  /// The objective of `batch` at the present parameters; leaves its gradient in gradient(). The
  /// batch's inputs are padded (nn/product.h).
  double compute_gradient(const Batch& batch, const Objective& objective);

  /// Lets `view` edit the gradient of each layer's weights.
  void edit_gradient(const GradientView& view, double rate);

  /// Writes the parameters into `model`, the weights as the view shows them.
  void store(Model& model);

 private:
  /// One layer's place in the flat vectors, and what its passes leave for each other. Columns are
  /// those of `padded_columns`.
  struct LayerState {
    Index outputs;
    Index inputs;
    Index offset;  // of the weights in the flat vectors
    Activation activation;
    Matrix viewed;             // [outputs, inputs] not padded, for the view; empty without one
    Matrix shown;              // [outputs, inputs], what the view shows; empty without one
    Matrix transposed;         // [inputs, outputs], what the forward pass multiplies by
    Matrix activations;        // [batch, outputs], after the activation
    Matrix deltas;             // [batch, outputs], d loss / d (before the activation)
    Matrix transposed_deltas;  // [outputs, batch]
    Matrix kept;               // [batch, outputs], what dropout multiplied by; empty without
    Matrix sums;               // [batch, outputs], before the activation; empty if nobody asks
    std::uint32_t key = 0;     // of what is dropped in this step
  };
  using WeightMap = Eigen::Map<Matrix, 0, Eigen::OuterStride<>>;
  using BiasMap = Eigen::Map<Vector>;

  /// A layer's part of a flat vector: the parameters, or their gradient.
  static WeightMap weights(Vector& flat, const LayerState& layer);
  static BiasMap bias(Vector& flat, const LayerState& layer);

  /// What the forward pass sees of a layer's weights.
  ConstMatrixRef shown(LayerState& layer);
  void apply_view(std::size_t index);
  void prepare_weights();
  void forward(const ConstMatrixRef& inputs, Part part);
  void drop(LayerState& layer, Index begin, Index samples) const;
  void backward(Index batch, Part part);
  void compute_weight_gradient(const ConstMatrixRef& inputs, Part part);

  std::vector<LayerState> layers_;
  WeightView view_;
  float dropout_;
  Random random_;
  Vector parameters_;
  Vector gradient_;
  Team& team_;
};

}  // namespace pare::nn
