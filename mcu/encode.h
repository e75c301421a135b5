#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mcu/encodings/choice.h"
#include "mcu/encodings/encoding.h"
#include "nn/model.h"

namespace pare::mcu {

/// One array among the parameters of an encoded model.
struct EncodedArray {
  std::string name;  ///< such as "layer0_weights"
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
  std::vector<std::size_t> arrays;      ///< those of its encoding, in their order
  std::optional<std::size_t> table;     ///< of an int8 layer with tanh or sigmoid
  LayerCode code;                       ///< without its arrays, which are the model's
};

/// Where the activations lie that are no inputs or outputs of the model.
struct Arena {
  nn::Index size;  ///< values: int16 of an int8 model, else float
  /// Where the inputs of each layer begin; in a float32 model those of the first lie elsewhere.
  std::vector<nn::Index> inputs;
};

/// A model as the board holds it: the exact bytes that will lie in flash, and what they mean.
struct EncodedModel {
  nn::Arithmetic arithmetic;
  nn::Quantization input;            ///< of an int8 model
  std::vector<EncodedArray> arrays;  ///< their bytes are without gaps
  std::vector<EncodedLayer> layers;
  std::vector<std::uint8_t> bytes;  ///< of all arrays; little-endian
  Arena arena;
};

/// The most inputs or outputs that a layer on the board can have.
constexpr nn::Index kWidestLayer = 65535;

/// Encodes `model`, each layer in one of the encodings that can store it, as the goal asks for by
/// the measured prices of mcu/encodings/costs.h. Throws std::invalid_argument if the model fails
/// nn::check, a layer is wider than kWidestLayer, or none of the encodings can store it.
EncodedModel encode(const nn::Model& model, const Goal& goal = {},
                    std::span<const Encoding> among = encodings());

/// The same, and what could be better if the prices were off by their usual error: at most `most`
/// encoded models, the likeliest first.
std::vector<EncodedModel> encode_contenders(const nn::Model& model, const Goal& goal,
                                            std::size_t most);

/// Encodes each layer of `model` as named, which is how encode_contenders' choice is made again.
/// Throws as encode() does, and if there are not as many names as layers or there is no such
/// encoding.
EncodedModel encode_as(const nn::Model& model, std::span<const std::string> names);

/// What a model takes by those prices. Throws std::logic_error for one of float32, which have none:
/// they are stored in one way.
Cost estimate(const EncodedModel& model);

/// Bytes of its arrays, up to the next word, as they are linked.
double linked_bytes(const EncodedModel& model);

/// Everything that has a price in a model.
std::vector<Term> code_terms(const EncodedModel& model);
std::vector<Term> cycle_terms(const EncodedModel& model);

/// Places for the activations: two neighbours at opposite ends, so that a layer never writes over
/// its inputs; in an int8 model four bytes aligned, the first of them the model's widened inputs.
Arena plan_arena(const nn::Model& model);

/// CRC-32 of what the encoded bytes do not say: the layers' kernels, with their constants.
std::uint32_t kernel_hash(const EncodedModel& model);

/// CRC-32 that goes on from kernel_hash() over the encoded bytes: the model's identity, which the
/// board computes over its own flash.
std::uint32_t hash(const EncodedModel& model);

nn::Index input_count(const EncodedModel& model);
nn::Index output_count(const EncodedModel& model);

bool is_int8(const EncodedModel& model);

/// Bytes of one input or output value: 4 for float32, 1 for int8.
std::size_t value_bytes(const EncodedModel& model);

}  // namespace pare::mcu
