#include "nn/backpropagation.h"

#include <utility>

#include "nn/activation.h"
#include "nn/product.h"
#include "nn/team.h"

namespace pare::nn {
namespace {

/// Parameters of a layer, each row with its padding.
Index padded_count(const Layer& layer) {
  return output_count(layer) * padded_columns(input_count(layer)) +
         padded_columns(output_count(layer));
}

Index padded_count(const Model& model) {
  Index count = 0;
  for (const Layer& layer : model.layers) count += padded_count(layer);
  return count;
}

/// Thirty-two bits that look random, from any number.
/// Source: Appleby, MurmurHash3, the finalizer of the 32-bit variant.
std::uint32_t scramble(std::uint32_t bits) {
  bits = (bits ^ bits >> 16) * 0x85EBCA6BU;
  bits = (bits ^ bits >> 13) * 0xC2B2AE35U;
  return bits ^ bits >> 16;
}

}  // namespace

Backpropagation::Backpropagation(const Model& model, Index batch_size, WeightView view,
                                 Dropout dropout, Team& team)
    : view_(std::move(view)),
      dropout_(static_cast<float>(dropout.rate)),
      random_(dropout.seed, Stream::dropout),
      parameters_(Vector::Zero(padded_count(model))),
      gradient_(Vector::Zero(padded_count(model))),
      team_(team) {
  Index offset = 0;
  for (const Layer& variant : model.layers) {
    const auto& dense = std::get<DenseLayer>(variant);
    const Index outputs = dense.weights.rows();
    const Index inputs = dense.weights.cols();
    const Matrix buffer = Matrix::Zero(batch_size, padded_columns(outputs));
    const bool hidden = layers_.size() + 1 < model.layers.size();
    layers_.push_back({outputs, inputs, offset, dense.activation, view_ ? dense.weights : Matrix(),
                       view_ ? pad(dense.weights) : Matrix(),
                       Matrix::Zero(inputs, padded_columns(outputs)), buffer, buffer,
                       Matrix::Zero(outputs, padded_columns(batch_size)),
                       hidden && dropout_ > 0 ? buffer : Matrix(),
                       needs_inputs(dense.activation) ? buffer : Matrix()});
    weights(parameters_, layers_.back()).leftCols(inputs) = dense.weights;
    bias(parameters_, layers_.back()).head(outputs) = dense.bias;
    offset += padded_count(variant);
  }
}

Backpropagation::WeightMap Backpropagation::weights(Vector& flat, const LayerState& layer) {
  return {flat.data() + layer.offset, layer.outputs, whole_lanes(layer.inputs),
          Eigen::OuterStride<>(padded_columns(layer.inputs))};
}

Backpropagation::BiasMap Backpropagation::bias(Vector& flat, const LayerState& layer) {
  return {flat.data() + layer.offset + layer.outputs * padded_columns(layer.inputs),
          whole_lanes(layer.outputs)};
}

void Backpropagation::apply_view(std::size_t index) {
  LayerState& layer = layers_[index];
  layer.viewed = weights(parameters_, layer).leftCols(layer.inputs);
  view_(index, layer.viewed);
  layer.shown.leftCols(layer.inputs) = layer.viewed;
}

ConstMatrixRef Backpropagation::shown(LayerState& layer) {
  if (view_) return layer.shown;
  return weights(parameters_, layer);
}

void Backpropagation::prepare_weights() {
  for (std::size_t i = 0; view_ && i < layers_.size(); ++i) apply_view(i);
  team_.run([this](Part part) {
    for (LayerState& layer : layers_) {
      const auto [begin, end] = part.of(layer.outputs, kLanes);
      transpose(shown(layer).block(begin, 0, end - begin, layer.inputs),
                layer.transposed.middleCols(begin, end - begin));
    }
  });
}

void Backpropagation::forward(const ConstMatrixRef& inputs, Part part) {
  const auto [begin, end] = part.of(inputs.rows());
  const Index samples = end - begin;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    LayerState& layer = layers_[i];
    const ConstMatrixRef from = i == 0 ? inputs : ConstMatrixRef(layers_[i - 1].activations);
    multiply(from.block(begin, 0, samples, layer.inputs),
             layer.transposed.leftCols(whole_lanes(layer.outputs)), bias(parameters_, layer).data(),
             layer.activations.block(begin, 0, samples, whole_lanes(layer.outputs)));
    if (layer.sums.size() > 0) {
      layer.sums.middleRows(begin, samples) = layer.activations.middleRows(begin, samples);
    }
    activate(layer.activation, layer.activations.block(begin, 0, samples, layer.outputs));
    if (layer.kept.size() > 0) drop(layer, begin, samples);
  }
}

void Backpropagation::drop(LayerState& layer, Index begin, Index samples) const {
  const float scale = 1 / (1 - dropout_);
  const auto threshold = static_cast<std::uint32_t>(double{dropout_} * 0x1p32);
  const auto first = static_cast<std::uint32_t>(layer.kept.cols() * begin);
  const auto count = static_cast<std::uint32_t>(layer.kept.cols() * samples);
  float* const kept = layer.kept.data() + first;
  float* const activations = layer.activations.data() + first;
  for (std::uint32_t i = 0; i < count; ++i) {
    kept[i] = scramble(layer.key + first + i) < threshold ? 0 : scale;
    activations[i] *= kept[i];
  }
}

void Backpropagation::backward(Index batch, Part part) {
  const auto [begin, end] = part.of(batch);
  const Index samples = end - begin;
  for (std::size_t i = layers_.size(); i-- > 0;) {
    LayerState& layer = layers_[i];
    auto deltas = layer.deltas.middleRows(begin, samples);
    float scale = 1;  // of the activations, against what the activation function gave
    if (layer.kept.size() > 0) {
      deltas.array() *= layer.kept.middleRows(begin, samples).array();
      scale = 1 / (1 - dropout_);
    }
    const auto outputs = layer.activations.block(begin, 0, samples, layer.outputs);
    if (layer.sums.size() > 0) {
      multiply_by_derivative(layer.activation, layer.sums.block(begin, 0, samples, layer.outputs),
                             outputs, deltas.leftCols(layer.outputs), scale);
    } else {
      multiply_by_derivative(layer.activation, Matrix(), outputs, deltas.leftCols(layer.outputs),
                             scale);
    }
    if (i == 0) return;
    const Index columns = whole_lanes(layer.inputs);
    multiply(deltas.leftCols(layer.outputs), shown(layer).leftCols(columns), nullptr,
             layers_[i - 1].deltas.block(begin, 0, samples, columns));
  }
}

void Backpropagation::compute_weight_gradient(const ConstMatrixRef& inputs, Part part) {
  const Index samples = inputs.rows();
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    LayerState& layer = layers_[i];
    const auto [begin, end] = part.of(layer.outputs, kLanes);
    auto deltas = layer.transposed_deltas.middleRows(begin, end - begin);
    transpose(layer.deltas.block(0, begin, samples, end - begin), deltas.leftCols(samples));
    deltas.middleCols(samples, whole_lanes(samples) - samples).setZero();
    auto bias_gradient = bias(gradient_, layer).segment(begin, end - begin);
    bias_gradient.setZero();  // a sum of each output's own, sample by sample
    for (Index sample = 0; sample < samples; ++sample) {
      bias_gradient += layer.deltas.row(sample).segment(begin, end - begin).transpose();
    }
    const ConstMatrixRef from = i == 0 ? inputs : ConstMatrixRef(layers_[i - 1].activations);
    multiply(deltas.leftCols(samples), from.topLeftCorner(samples, whole_lanes(layer.inputs)),
             nullptr, weights(gradient_, layer).middleRows(begin, end - begin));
  }
}

double Backpropagation::compute_gradient(const Batch& batch, const Objective& objective) {
  const Index samples = batch.inputs.rows();
  for (LayerState& layer : layers_) {
    if (layer.kept.size() > 0) layer.key = random_.bits();
  }
  prepare_weights();
  team_.run([&](Part part) { forward(batch.inputs, part); });
  LayerState& last = layers_.back();
  const double loss = objective(last.activations.topLeftCorner(samples, last.outputs), batch,
                                last.deltas.topLeftCorner(samples, last.outputs));
  team_.run([&](Part part) { backward(samples, part); });
  team_.run([&](Part part) { compute_weight_gradient(batch.inputs, part); });
  return loss;
}

void Backpropagation::edit_gradient(const GradientView& view, double rate) {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const LayerState& layer = layers_[i];
    view(i, weights(parameters_, layer).leftCols(layer.inputs),
         weights(gradient_, layer).leftCols(layer.inputs), rate);
  }
}

void Backpropagation::store(Model& model) {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (view_) apply_view(i);
    LayerState& layer = layers_[i];
    auto& dense = std::get<DenseLayer>(model.layers[i]);
    dense.weights = shown(layer).leftCols(layer.inputs);
    dense.bias = bias(parameters_, layer).head(layer.outputs);
  }
}

}  // namespace pare::nn
