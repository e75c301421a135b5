#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nn/model.h"

namespace pare::mcu {

enum class ElementType : std::uint8_t { float32, int32, int8 };

/// Bytes of one element.
std::size_t element_bytes(ElementType type);

/// One array of a layer's parameters, as it will lie in flash.
struct LayerArray {
  std::string name;  ///< such as "weights"
  ElementType type;
  std::vector<std::uint8_t> bytes;  ///< little-endian
};

/// The array of `count` values; their C++ type gives the element type.
LayerArray layer_array(std::string name, const float* values, nn::Index count);
LayerArray layer_array(std::string name, const std::int32_t* values, nn::Index count);
LayerArray layer_array(std::string name, const std::int8_t* values, nn::Index count);

template <class T>
LayerArray layer_array(std::string name, const std::vector<T>& values) {
  return layer_array(std::move(name), values.data(), static_cast<nn::Index>(values.size()));
}

/// Something of a layer that takes bytes of code or cycles, and how much of it there is. Its price
/// is measured: mcu/encodings/costs.cpp has it for each encoding.
struct Count {
  template <class Number>
  Count(std::string_view what, Number how_many) : of(what), count(static_cast<double>(how_many)) {}

  std::string of;
  double count;
};

/// One layer as an encoding stores it, and what computes it: the kernel's layer object, which is
/// made of pointers to the arrays and then the constants, and the same kernel on the host.
struct LayerCode {
  std::vector<LayerArray> arrays;
  std::string header;     ///< of mcu/kernel/, such as "dense_int8.h"
  std::string type;       ///< of the layer object, such as "DenseInt8"
  std::string constants;  ///< C++ initializers of its members after the arrays
  /// `arrays` are where the arrays lie, in their order. Inputs of an int8 layer are widened: int16
  /// with the zero point subtracted; so are its outputs, but int8 those of the last layer.
  std::function<void(const void* const* arrays, const void* inputs, void* outputs)> run;
  /// Its functions, each linked once for all layers that call it.
  std::vector<std::string> functions;
  /// What makes code of its own for this layer; of one layer is always one.
  std::vector<Count> code = {};
  /// What one inference does.
  std::vector<Count> work;
};

/// One way to store a layer. A new one is a kernel header in mcu/kernel/, one file in
/// mcu/encodings/, and one line in its registry.
struct Encoding {
  std::string_view name;  ///< as the table shows it, such as "dense int8"
  /// Nothing if this layer cannot be stored this way. `last` if its outputs are the model's.
  std::optional<LayerCode> (*encode)(const nn::Layer& layer, bool last);
};

/// All encodings; of equals the first is chosen.
std::span<const Encoding> encodings();

/// The encoding of that name. Throws std::invalid_argument if there is none.
const Encoding& encoding_named(std::string_view name);

}  // namespace pare::mcu
