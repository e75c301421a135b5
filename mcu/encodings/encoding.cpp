#include "mcu/encodings/encoding.h"

namespace pare::mcu {
namespace {

template <class T>
LayerArray make_array(std::string name, ElementType type, const T* values, nn::Index count) {
  const auto* first = reinterpret_cast<const std::uint8_t*>(values);
  return {std::move(name), type, {first, first + static_cast<std::size_t>(count) * sizeof(T)}};
}

}  // namespace

std::size_t element_bytes(ElementType type) { return type == ElementType::int8 ? 1 : 4; }

LayerArray layer_array(std::string name, const float* values, nn::Index count) {
  return make_array(std::move(name), ElementType::float32, values, count);
}

LayerArray layer_array(std::string name, const std::int32_t* values, nn::Index count) {
  return make_array(std::move(name), ElementType::int32, values, count);
}

LayerArray layer_array(std::string name, const std::int8_t* values, nn::Index count) {
  return make_array(std::move(name), ElementType::int8, values, count);
}

}  // namespace pare::mcu
