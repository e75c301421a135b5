#include "mcu/host_kernel.h"

#include "mcu/kernel/infer.h"
#include "nn/activation.h"

namespace pare::mcu {
namespace {

/// The start of array `index`; its offset is aligned, and a vector's storage is too.
template <class T>
const T* array(const EncodedModel& model, std::size_t index) {
  return static_cast<const T*>(
      static_cast<const void*>(model.bytes.data() + model.arrays[index].offset));
}

DenseFloat32 float_layer(const EncodedModel& model, const EncodedLayer& layer) {
  DenseFloat32 result{};
  result.weights = array<float>(model, layer.weights);
  result.bias = array<float>(model, layer.bias);
  result.inputs = static_cast<std::uint16_t>(layer.inputs);
  result.outputs = static_cast<std::uint16_t>(layer.outputs);
  result.relu = layer.activation == nn::Activation::relu;
  return result;
}

DenseInt8 int8_layer(const EncodedModel& model, const EncodedLayer& layer) {
  const bool relu = layer.activation == nn::Activation::relu;
  DenseInt8 result{};
  result.weights = array<std::int8_t>(model, layer.weights);
  result.bias = array<std::int32_t>(model, layer.bias);
  result.multipliers = array<std::int32_t>(model, layer.multipliers);
  result.shifts = array<std::int8_t>(model, layer.shifts);
  result.inputs = static_cast<std::uint16_t>(layer.inputs);
  result.outputs = static_cast<std::uint16_t>(layer.outputs);
  result.output_zero_point = static_cast<std::int8_t>(layer.requantized_zero_point);
  result.output_min = relu ? result.output_zero_point : std::int8_t{-128};
  return result;
}

ActivatedFloat32 activated_layer(const EncodedModel& model, const EncodedLayer& layer) {
  const bool tanh = layer.activation == nn::Activation::tanh;
  const bool sigmoid = layer.activation == nn::Activation::sigmoid;
  return {float_layer(model, layer), tanh      ? FloatActivation::tanh
                                     : sigmoid ? FloatActivation::sigmoid
                                               : FloatActivation::none};
}

TableInt8 table_layer(const EncodedModel& model, const EncodedLayer& layer) {
  const bool table = nn::has_table(layer.activation);
  return {int8_layer(model, layer), table ? array<std::int8_t>(model, layer.table) : nullptr};
}

/// Every layer of `model` as `kernel_layer` makes it.
template <class KernelLayer>
auto all_layers(const EncodedModel& model, KernelLayer kernel_layer) {
  std::vector<decltype(kernel_layer(model, model.layers.front()))> layers;
  for (const EncodedLayer& layer : model.layers) layers.push_back(kernel_layer(model, layer));
  return layers;
}

}  // namespace

HostKernel::HostKernel(EncodedModel model)
    : model_(std::move(model)), arena_(static_cast<std::size_t>(model_.arena_size)) {
  const bool tables = has_table_activation(model_);
  if (model_.arithmetic == nn::Arithmetic::int8) {
    if (tables) {
      layers_ = all_layers(model_, table_layer);
    } else {
      layers_ = all_layers(model_, int8_layer);
    }
  } else if (tables) {
    layers_ = all_layers(model_, activated_layer);
  } else {
    layers_ = all_layers(model_, float_layer);
  }
}

template <class Layer>
void HostKernel::run(const std::vector<Layer>& layers, const void* inputs, void* outputs) {
  using Value = typename Layer::Value;
  pare::infer(layers.data(), static_cast<std::int32_t>(layers.size()),
              static_cast<const Value*>(inputs), static_cast<Value*>(outputs),
              static_cast<Value*>(static_cast<void*>(arena_.data())),
              static_cast<std::int32_t>(model_.arena_size));
}

void HostKernel::infer(const void* inputs, void* outputs) {
  std::visit([&](const auto& layers) { run(layers, inputs, outputs); }, layers_);
}

}  // namespace pare::mcu
