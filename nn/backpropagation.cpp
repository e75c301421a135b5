#include "nn/backpropagation.h"

#include <utility>

#include "nn/activation.h"

namespace pare::nn {

Backpropagation::Backpropagation(const Model& model, Index batch_size, WeightView view,
                                 Dropout dropout)
    : view_(std::move(view)),
      dropout_(static_cast<float>(dropout.rate)),
      random_(dropout.seed, 5),
      parameters_(parameter_count(model)),
      gradient_(Vector::Zero(parameter_count(model))) {
  Index offset = 0;
  for (const Layer& variant : model.layers) {
    const auto& dense = std::get<DenseLayer>(variant);
    const Index outputs = dense.weights.rows();
    layers_.push_back({outputs, dense.weights.cols(), offset, dense.activation, dense.weights,
                       Matrix(batch_size, outputs), Matrix(batch_size, outputs), Matrix()});
    weights(parameters_, layers_.back()) = dense.weights;
    bias(parameters_, layers_.back()) = dense.bias;
    offset += dense.weights.size() + outputs;
  }
}

Backpropagation::WeightMap Backpropagation::weights(Vector& flat, const LayerState& layer) {
  return {flat.data() + layer.offset, layer.outputs, layer.inputs};
}

Backpropagation::BiasMap Backpropagation::bias(Vector& flat, const LayerState& layer) {
  return {flat.data() + layer.offset + layer.outputs * layer.inputs, layer.outputs};
}

void Backpropagation::apply_view(std::size_t index) {
  LayerState& layer = layers_[index];
  layer.viewed = weights(parameters_, layer);
  if (view_) view_(index, layer.viewed);
}

void Backpropagation::forward(const ConstMatrixRef& inputs) {
  const Index samples = inputs.rows();
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    apply_view(i);
    LayerState& layer = layers_[i];
    auto out = layer.activations.topRows(samples);
    if (i == 0) {
      out.noalias() = inputs * layer.viewed.transpose();
    } else {
      out.noalias() = layers_[i - 1].activations.topRows(samples) * layer.viewed.transpose();
    }
    out.rowwise() += bias(parameters_, layer).transpose();
    activate(layer.activation, out);
    if (dropout_ > 0 && i + 1 < layers_.size()) drop(layer, samples);
  }
}

void Backpropagation::drop(LayerState& layer, Index samples) {
  layer.kept.resize(layer.activations.rows(), layer.outputs);
  const float scale = 1 / (1 - dropout_);
  const auto threshold = static_cast<std::uint32_t>(dropout_ * 0x1p16F);
  float* kept = layer.kept.data();
  for (float* const end = kept + samples * layer.outputs; kept < end; kept += 2) {
    const std::uint32_t drawn = random_.bits();  // two numbers of 16 bits
    kept[0] = (drawn & 0xFFFF) < threshold ? 0 : scale;
    if (kept + 1 < end) kept[1] = drawn >> 16 < threshold ? 0 : scale;
  }
  layer.activations.topRows(samples).array() *= layer.kept.topRows(samples).array();
}

void Backpropagation::backward(const ConstMatrixRef& inputs) {
  const Index samples = inputs.rows();
  for (std::size_t i = layers_.size(); i-- > 0;) {
    LayerState& layer = layers_[i];
    auto deltas = layer.deltas.topRows(samples);
    if (layer.kept.size() > 0) {
      deltas.array() *= layer.kept.topRows(samples).array();
      layer.activations.topRows(samples) *= 1 - dropout_;  // the derivative's own, where kept
    }
    multiply_by_derivative(layer.activation, layer.activations.topRows(samples), deltas);
    bias(gradient_, layer) = deltas.colwise().sum();
    if (i == 0) {
      weights(gradient_, layer).noalias() = deltas.transpose() * inputs;
      return;
    }
    LayerState& before = layers_[i - 1];
    weights(gradient_, layer).noalias() = deltas.transpose() * before.activations.topRows(samples);
    before.deltas.topRows(samples).noalias() = deltas * layer.viewed;
  }
}

double Backpropagation::compute_gradient(const Batch& batch, const Objective& objective) {
  forward(batch.inputs);
  const Index samples = batch.inputs.rows();
  LayerState& last = layers_.back();
  const double loss =
      objective(last.activations.topRows(samples), batch, last.deltas.topRows(samples));
  backward(batch.inputs);
  return loss;
}

void Backpropagation::edit_gradient(const GradientView& view, double rate) {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    view(i, weights(parameters_, layers_[i]), weights(gradient_, layers_[i]), rate);
  }
}

void Backpropagation::store(Model& model) {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    apply_view(i);
    auto& dense = std::get<DenseLayer>(model.layers[i]);
    dense.weights = layers_[i].viewed;
    dense.bias = bias(parameters_, layers_[i]);
  }
}

}  // namespace pare::nn
