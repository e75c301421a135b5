#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nn/formats/onnx_file.h"

namespace pare::nn::onnx {

/// What a node is told beside its inputs; a graph, as If and Loop have it, is monostate.
using Attribute = std::variant<std::monostate, float, Index, std::string, Tensor,
                               std::vector<float>, std::vector<Index>, std::vector<std::string>>;

struct Node {
  std::string op;                    ///< with its domain, unless that is ONNX's own: "Gemm"
  std::string place;                 ///< for messages: "node 'dense_1' (Gemm)"
  std::vector<std::string> inputs;   ///< names of values; empty for one that is left out
  std::vector<std::string> outputs;  ///< likewise
  std::map<std::string, Attribute, std::less<>> attributes;
};

/// An attribute, or `otherwise` if the node has none of that name. Throws std::runtime_error if it
/// is of another type.
template <class T>
T attribute(const Node& node, std::string_view name, T otherwise = {}) {
  const auto found = node.attributes.find(name);
  if (found == node.attributes.end()) return otherwise;
  const T* value = std::get_if<T>(&found->second);
  if (value == nullptr) {
    throw std::runtime_error("its attribute '" + std::string(name) + "' is of another type");
  }
  return *value;
}

bool has_attribute(const Node& node, std::string_view name);

/// What cannot be read, to be said all at once.
class Problems {
 public:
  /// `what` of `node`; of several nodes with the same operator the first one is named.
  void add(const Node& node, const std::string& what);

  bool empty() const { return problems_.empty(); }

  /// Throws std::runtime_error with all of them, if there are any.
  void throw_any() const;

 private:
  struct Problem {
    std::string op, place, what;
    std::size_t more = 0;
  };
  std::vector<Problem> problems_;
};

/// Thrown for what has been added to the problems already.
struct Reported {};

/// What one output needs of a file's graph.
struct Graph {
  Index opset = 0;
  Value output;
  std::vector<Value> inputs = {};  ///< that it depends on
  std::vector<Node> nodes = {};    ///< that depend on an input, each behind those that it reads
  std::map<std::string, Tensor, std::less<>> constants = {};  ///< that the nodes read
  Problems problems = {};  ///< of the nodes that only depend on constants
};

/// Throws std::runtime_error if the file has no such output, or its graph is none.
Graph cut(const File& file, std::string_view output);

/// The constant that a node reads as input `i`, null if it is left out. Throws std::runtime_error
/// if it is none.
const Tensor* find_constant(const Graph& graph, const Node& node, std::size_t i);
const Tensor& constant(const Graph& graph, const Node& node, std::size_t i);

/// What a node gives that reads constants alone.
Tensor evaluate(const Graph& graph, const Node& node);

/// True of the operators that give the same elements in another shape, and that shape.
bool keeps_elements(const Node& node);
Shape new_shape(const Graph& graph, const Node& node, const Shape& shape);

/// What a Reshape to `to` makes of a shape, 0 and -1 in it being what ONNX says.
Shape reshaped(const Node& node, const Shape& from, Shape to);

}  // namespace pare::nn::onnx
