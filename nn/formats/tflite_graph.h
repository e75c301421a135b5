#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pare::nn::tflite {

inline constexpr std::uint32_t kSchemaVersion = 3;

inline constexpr std::string_view kFloat32 = "FLOAT32";
inline constexpr std::string_view kFloat16 = "FLOAT16";
inline constexpr std::string_view kInt32 = "INT32";
inline constexpr std::string_view kInt8 = "INT8";
inline constexpr std::string_view kUint8 = "UINT8";

/// So a custom operator cannot be taken for one of the schema.
inline constexpr std::string_view kCustom = "CUSTOM:";

/// What a file may take in memory, beside its bytes: its parts may be named many times, but not so
/// often that a small file takes much.
constexpr std::size_t room_for(std::size_t file_bytes) {
  return 4 * file_bytes + (std::size_t{1} << 20);
}

/// Types, operators and activations are called as in the schema, nn/formats/tflite.fbs.
struct Tensor {
  std::string name;
  std::vector<std::int32_t> shape;
  std::string_view type;
  std::string_view data = {};  ///< of a constant; empty: the tensor is computed
  /// real = scale * (quantized - zero point): none, one, or one an index of `scaled_dimension`.
  std::vector<float> scales = {};
  std::vector<std::int64_t> zero_points = {};
  std::int32_t scaled_dimension = 0;
  std::vector<std::int32_t> signature = {};  ///< the shape with -1 for what is open, or empty
  bool sparse = false;
};

struct Operator {
  std::string name;  ///< of a custom one kCustom and its own
  std::int32_t version = 1;
  std::vector<std::int32_t> inputs = {};   ///< tensors; -1: left out
  std::vector<std::int32_t> outputs = {};  ///< tensors
  std::string_view fused = "NONE";         ///< the activation that it ends in
  float alpha = 0;                         ///< of LEAKY_RELU
  float beta = 0;                          ///< of SOFTMAX
  bool approximate = false;                ///< of GELU: by tanh
  bool shuffled = false;                   ///< of FULLY_CONNECTED: its weights are in another order
};

/// What a TFLite file holds. Every index is that of a tensor.
struct Graph {
  std::vector<Tensor> tensors;
  std::vector<std::int32_t> inputs = {};
  std::vector<std::int32_t> outputs = {};
  std::vector<Operator> operators = {};  ///< each behind those whose outputs it takes
  /// Of each tensor the constant that a DEQUANTIZE gives it of, or itself: so float16 weights
  /// become float32. Of no use to serialize().
  std::vector<std::int32_t> sources = {};
};

/// The graph in the bytes of a file, which it goes on using. They must be aligned as `new` aligns.
/// Throws std::runtime_error if the file is damaged, or holds anything but one graph.
Graph parse(std::string_view file);

/// The bytes of a file; the same graph gives the same bytes.
std::string serialize(const Graph& graph);

/// A name for a message: what is not ASCII is replaced, what is long is cut.
std::string printable(std::string_view name);

/// The same in quotes.
std::string in_quotes(std::string_view name);

}  // namespace pare::nn::tflite
