#include "mcu/host_kernel.h"

#include "mcu/kernel/table_int8.h"
#include "mcu/kernel/widen_int8.h"
#include "nn/activation.h"

namespace pare::mcu {

HostKernel::HostKernel(EncodedModel model)
    : model_(std::move(model)), arena_(static_cast<std::size_t>(model_.arena.size)) {
  for (const EncodedLayer& layer : model_.layers) {
    std::vector<const void*>& arrays = arrays_.emplace_back();
    for (const std::size_t index : layer.arrays) {
      arrays.push_back(model_.bytes.data() + model_.arrays[index].offset);
    }
  }
}

/// What a layer ends in that its kernel does not do, such as tanh.
void HostKernel::activate_outputs(const EncodedLayer& layer, void* outputs, bool last) const {
  const auto count = static_cast<std::int32_t>(layer.outputs);
  if (layer.table) {
    const std::uint8_t* bytes = model_.bytes.data() + model_.arrays[*layer.table].offset;
    const TableInt8 table{reinterpret_cast<const std::int8_t*>(bytes),
                          static_cast<std::int16_t>(layer.requantized_zero_point),
                          static_cast<std::int16_t>(layer.output.zero_point)};
    if (last) {
      activate(table, static_cast<std::int8_t*>(outputs), count);
    } else {
      activate(table, static_cast<std::int16_t*>(outputs), count);
    }
  } else if (nn::has_table(layer.activation)) {
    nn::activate(layer.activation, Eigen::Map<nn::Matrix>(static_cast<float*>(outputs), 1, count));
  }
}

void HostKernel::infer(const void* inputs, void* outputs) {
  const bool int8 = model_.arithmetic == nn::Arithmetic::int8;
  const std::size_t value_bytes = int8 ? sizeof(std::int16_t) : sizeof(float);
  auto* const arena = reinterpret_cast<std::uint8_t*>(arena_.data());
  if (int8) {
    widen(static_cast<const std::int8_t*>(inputs), reinterpret_cast<std::int16_t*>(arena),
          static_cast<std::int32_t>(input_count(model_)), model_.input.zero_point);
    inputs = arena;
  }
  for (std::size_t i = 0; i < model_.layers.size(); ++i) {
    const bool last = i + 1 == model_.layers.size();
    void* to = outputs;
    if (!last) to = arena + static_cast<std::size_t>(model_.arena.inputs[i + 1]) * value_bytes;
    model_.layers[i].code.run(arrays_[i].data(), inputs, to);
    activate_outputs(model_.layers[i], to, last);
    inputs = to;
  }
}

}  // namespace pare::mcu
