#include "nn/fast_forward.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "nn/ends.h"
#include "nn/forward.h"
#include "nn/quantization.h"

namespace pare::nn {
namespace {

/// nn::quantize plus 128, in steps that a compiler vectorizes: what lies far outside the range of
/// int8 is cut off before it is rounded, which in double is adding a half, exactly.
void quantize(const float* reals, Index count, Quantization quantization, std::uint8_t* outputs) {
  constexpr Index kAtOnce = 64;
  Eigen::Array<float, kAtOnce, 1> steps;
  for (Index first = 0; first < count; first += kAtOnce) {
    const Index size = std::min(kAtOnce, count - first);
    steps.head(size) = (Eigen::Map<const Eigen::ArrayXf>(reals + first, size) / quantization.scale)
                           .max(-512.0F)
                           .min(512.0F);
    for (Index i = 0; i < size; ++i) {
      const double step = double{steps[i]};
      const auto rounded = static_cast<std::int32_t>(step + std::copysign(0.5, step));
      const std::int32_t y = std::min(std::max(rounded + quantization.zero_point, -128), 127);
      outputs[first + i] = static_cast<std::uint8_t>(y + 128);
    }
  }
}

/// Between an int8 and itself plus 128, in either direction.
template <class From, class To>
void shift(const From* from, Index count, To* to) {
  for (Index i = 0; i < count; ++i) to[i] = static_cast<To>(from[i] ^ 0x80);
}

std::uint8_t* bytes_of(std::vector<std::uint32_t>& words) {
  return reinterpret_cast<std::uint8_t*>(words.data());
}

}  // namespace

template <class Layer, class Word>
void FastForward::Chain<Layer, Word>::add(Layer layer) {
  const Index words = std::max(layer.input_words() + 1, layer.output_words() + 1);
  for (std::vector<Word>& buffer : buffers) {
    buffer.resize(std::max(buffer.size(), static_cast<std::size_t>(words)));
  }
  layers.push_back(std::move(layer));
}

template <class Layer, class Word>
const Word* FastForward::Chain<Layer, Word>::run() {
  Word* from = buffers[0].data();
  Word* to = buffers[1].data();
  for (Layer& layer : layers) {
    from[layer.input_words()] = 0;
    layer.run(from, to);
    std::swap(from, to);
  }
  return from;
}

FastForward::FastForward(const Model& model)
    : inputs_(model.inputs),
      outputs_(model.outputs),
      input_count_(nn::input_count(model)),
      output_count_(nn::output_count(model)) {
  if (arithmetic(model) == Arithmetic::int8) {
    input_ = input_quantization(model);
    output_ = output_quantization(model);
    for (const Layer& layer : model.layers) int8_.add(PackedInt8Layer(std::get<Int8Layer>(layer)));
  } else {
    for (const Layer& layer : model.layers) {
      float32_.add(PackedFloatLayer(std::get<DenseLayer>(layer)));
    }
  }
}

void FastForward::run(const float* inputs, float* outputs) {
  if (int8_.layers.empty()) {
    std::copy_n(inputs, input_count_, float32_.buffers[0].data());
    std::copy_n(float32_.run(), output_count_, outputs);
    return;
  }
  quantize(inputs, input_count_, input_, bytes_of(int8_.buffers[0]));
  const auto* const y = reinterpret_cast<const std::uint8_t*>(int8_.run());
  for (Index i = 0; i < output_count_; ++i) {
    outputs[i] = dequantize(static_cast<std::int8_t>(y[i] - 128), output_);
  }
}

void FastForward::run(const std::int8_t* inputs, std::int8_t* outputs) {
  if (int8_.layers.empty()) throw std::invalid_argument("int8 inputs need an int8 model");
  shift(inputs, input_count_, bytes_of(int8_.buffers[0]));
  shift(reinterpret_cast<const std::uint8_t*>(int8_.run()), output_count_, outputs);
}

Matrix FastForward::operator()(const Matrix& inputs) {
  const Matrix seen = seen_inputs(inputs_, inputs);
  Matrix outputs(inputs.rows(), output_count_);
  for (Index i = 0; i < seen.rows(); ++i) run(seen.row(i).data(), outputs.row(i).data());
  return real_outputs(outputs_, std::move(outputs));
}

Matrix fast_forward(const Model& model, const Matrix& inputs) {
  return arithmetic(model) == Arithmetic::int8 ? FastForward(model)(inputs)
                                               : forward(model, inputs);
}

}  // namespace pare::nn
