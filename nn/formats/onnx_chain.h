#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nn/formats/onnx_graph.h"
#include "nn/formats/operations.h"

namespace pare::nn::onnx {

/// y = weights x + bias, as the file has it.
struct DenseStep {
  Tensor weights;  ///< [outputs, inputs], or [inputs, outputs] if transposed
  bool transposed = false;
  std::optional<Tensor> bias = {};  ///< [outputs] in any shape, or [1] for all
};

/// To the nearest of 256 reals, which integers stand for.
struct QuantizeStep {
  Quantization to;
};

/// What a node, or several, come to.
struct Step {
  std::string place;
  std::variant<DenseStep, ElementwiseOperation, ActivationOperation, SoftmaxOperation, QuantizeStep>
      what;
};

/// The steps of a graph that is a chain, and the value that they have come to.
struct Chain {
  const Graph& graph;
  std::string value;                          ///< its name
  Index inputs = 0;                           ///< values of a sample of the input
  Index samples = 1;                          ///< of a batch whose size is fixed
  std::optional<Shape> shape = {};            ///< 1 for an unknown batch; nothing behind a problem
  std::optional<Quantization> integers = {};  ///< what they stand for; nothing of reals
  std::vector<Step> steps = {};
  std::vector<std::string> names = {};  ///< of classes
  bool two_columns = false;             ///< [1 - p, p], of steps that give p
  std::vector<std::string> notes = {};
};

/// An operator that is read: what the node does goes into the chain. Throws std::runtime_error, or
/// std::invalid_argument, without the node's place.
struct Operator {
  std::string_view name;
  std::size_t inputs;  ///< that it has at least
  void (*read)(const Node& node, Chain& chain);
  std::size_t output = 0;  ///< which of its outputs goes on
};

std::span<const Operator> float_operators();
std::span<const Operator> ml_operators();
std::span<const Operator> quantized_operators();

/// Of an activation function (nn/activations) that ONNX has an operator for, or null.
const Operator* find_activation_operator(std::string_view op);

/// Null if a node's operator is not read; `hint` then says what there is instead.
const Operator* find_operator(const Node& node);
std::string hint(const Node& node);

/// The part of a graph between two values that everything passes: a node, or several that branch
/// and come together again.
struct Piece {
  std::string input;
  std::span<const Node> nodes;
  std::string output;
};

/// In their order, from the graph's input to its output.
std::vector<Piece> pieces(const Graph& graph);

/// What a piece of several nodes comes to: an activation function, the two columns of a binary
/// classifier, a layer whose inputs are quantized while it runs, or a Reshape whose shape is
/// computed. Throws std::runtime_error if it is none of these; operators that are not read go into
/// `problems`.
void read_branches(const Piece& piece, Chain& chain, Problems& problems);

/// The two factors of a node that multiplies matrices, y = A B, as numbers of its inputs.
struct Product {
  std::size_t a, b;
  bool transposed_a, transposed_b;
};
std::optional<Product> find_product(const Node& node);

/// The values of a sample that a linear model of ai.onnx.ml reads; nothing of other nodes.
std::optional<Index> linear_width(const Node& node);

/// Values of a sample; 0 if it is not known.
Index width(const Chain& chain);

/// `values` of the given shape, as one for every value of a sample, or one for all. Throws
/// std::runtime_error if that shape does not fit.
Eigen::RowVectorXd spread(const Chain& chain, const Eigen::RowVectorXd& values, Shape shape);
Eigen::RowVectorXd spread(const Chain& chain, const Tensor& tensor);

/// The second one behind the first.
ElementwiseOperation composed(const ElementwiseOperation& first,
                              const ElementwiseOperation& second);

/// One step more. Elementwise ones that follow each other become one.
void add_step(Chain& chain, const Node& node, decltype(Step::what) what);

/// One step more for a node that multiplies the value with `weights`, its other factor.
void add_product(Chain& chain, const Node& node, const Tensor& weights);

/// Sees to it that the value is integers that stand for these reals.
void expect_integers(Chain& chain, const Node& node, const Quantization& expected);

/// The chain of a graph. Throws std::runtime_error with all that is not read.
Chain read_chain(const Graph& graph);

/// True if a step quantizes what a dense layer gives: then the file's arithmetic is int8.
bool is_int8(const std::vector<Step>& steps);

/// The names of classes that the nodes to a classifier's label have; none if they have none.
std::vector<std::string> class_names(const Graph& label);

/// The model of a chain, in float32 or int8, without names.
Model float_model(const Chain& chain, std::vector<std::string>& notes);
Model int8_model(const Chain& chain, std::vector<std::string>& notes);

}  // namespace pare::nn::onnx
