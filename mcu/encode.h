#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/model.h"

namespace pare::mcu {

enum class ElementType : std::uint8_t { float32, int32, int8 };

/// Bytes of one element.
std::size_t element_bytes(ElementType type);

/// One array among the parameters of an encoded model.
struct EncodedArray {
  std::string name;
  ElementType type;
  std::size_t offset;  ///< bytes from the start of EncodedModel::bytes, aligned to the type
  std::size_t count;   ///< elements
};

/// One layer: how it is encoded, and which arrays are its own (indices into EncodedModel::arrays).
struct EncodedLayer {
  std::string encoding;  ///< as the table names it, such as "dense int8"
  nn::Index inputs;
  nn::Index outputs;
  nn::Activation activation;
  nn::Quantization output;              ///< of an int8 layer
  std::int32_t requantized_zero_point;  ///< of what its sums become: nn::requantized
  std::size_t weights;
  std::size_t bias;
  std::size_t multipliers;  ///< of an int8 layer, as are the shifts
  std::size_t shifts;
  std::size_t table;  ///< of an int8 layer with tanh or sigmoid
};

/// A model as the board holds it: the exact bytes that will lie in flash, and what they mean.
struct EncodedModel {
  nn::Arithmetic arithmetic;
  nn::Quantization input;            ///< of an int8 model
  std::vector<EncodedArray> arrays;  ///< in the order of their bytes, without gaps
  std::vector<EncodedLayer> layers;
  std::vector<std::uint8_t> bytes;  ///< weights, biases, multipliers, shifts, tables; little-endian
  nn::Index arena_size;             ///< values that the hidden activations need at once
};

/// Encodes `model`. A row's bias takes in -input zero point * sum of its weights. Throws
/// std::invalid_argument if the model fails nn::check or a layer is wider than 65,535.
EncodedModel encode(const nn::Model& model);

/// Values of hidden activations that live at once: the most that two neighbouring hidden layers
/// have together.
nn::Index arena_size(const nn::Model& model);

/// CRC-32 of the encoded bytes: the model's identity, which the board computes over its own flash.
std::uint32_t hash(const EncodedModel& model);

nn::Index input_count(const EncodedModel& model);
nn::Index output_count(const EncodedModel& model);

/// True if a layer ends in tanh or sigmoid: then all layers take the kernel that can do these.
bool has_table_activation(const EncodedModel& model);

/// Bytes of one input or output value: 4 for float32, 1 for int8.
std::size_t value_bytes(const EncodedModel& model);

}  // namespace pare::mcu
