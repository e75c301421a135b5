#include "nn/formats/onnx_chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace pare::nn::onnx {
namespace {

/// The values of a sample that a node reads, if it is a dense layer.
std::optional<Index> dense_width(const Graph& graph, const Node& node) {
  if (const auto linear = linear_width(node)) return linear;
  const auto product = find_product(node);
  if (!product) return std::nullopt;
  const bool left = graph.constants.contains(node.inputs.at(product->a));
  const Shape& shape = constant(graph, node, left ? product->a : product->b).shape;
  if (shape.empty() || shape.size() > 2) return std::nullopt;
  const bool last = left ? !product->transposed_a : product->transposed_b;
  return last ? shape.back() : shape.front();
}

std::optional<Index> first_width(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    try {
      if (const auto width = dense_width(graph, node)) return width;
    } catch (const std::exception&) {  // what is wrong with the node is said when it is read
      return std::nullopt;
    } catch (const Reported&) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

/// The input's shape, with 1 for a batch of unknown size. `width` values make a sample.
Shape input_shape(const Value& input, Index width) {
  if (!input.shape) return {1, width};
  Shape shape = *input.shape;
  if (shape.empty()) fail("its input {} is a single number", input.text);
  if (shape.size() > 1 && shape.front() == kUnknown) shape.front() = 1;
  const auto unknown = std::find(shape.begin(), shape.end(), kUnknown);
  if (unknown != shape.end()) {
    *unknown = 1;
    if (std::find(shape.begin(), shape.end(), kUnknown) != shape.end()) {
      fail("its input {} has several dimensions of unknown size; export it with fixed ones",
           input.text);
    }
    *unknown = std::max<Index>(1, width / element_count(shape));
  }
  const Index count = element_count(shape);
  const bool one_sample = count == width;
  const bool a_batch =
      shape.size() > 1 && input.shape->front() != kUnknown && count / shape.front() == width;
  if (!one_sample && !a_batch) {
    fail("its input {} does not fit its first dense layer, which reads {} values", input.text,
         width);
  }
  return shape;
}

void read_node(const Node& node, Chain& chain, const std::string& output) {
  const Operator* found = find_operator(node);
  if (found == nullptr) fail("{}", hint(node));
  if (node.inputs.size() < found->inputs) {
    fail("it has {} inputs, and needs {}", node.inputs.size(), found->inputs);
  }
  if (node.outputs.size() <= found->output || node.outputs[found->output] != output) {
    fail("its output '{}' is a label or no number; take another output of the file", output);
  }
  found->read(node, chain);
}

void read_piece(const Piece& piece, Chain& chain, Problems& problems) {
  const Node& first = piece.nodes.front();
  try {
    if (piece.nodes.size() == 1 &&
        std::count(first.inputs.begin(), first.inputs.end(), piece.input) == 1) {
      return read_node(first, chain, piece.output);
    }
    return read_branches(piece, chain, problems);
  } catch (const Reported&) {  // nothing to add
  } catch (const std::exception& error) {
    problems.add(first, error.what());
  }
  chain.shape.reset();
}

}  // namespace

const Operator* find_operator(const Node& node) {
  for (const auto& operators : {float_operators(), ml_operators(), quantized_operators()}) {
    for (const Operator& each : operators) {
      if (each.name == node.op) return &each;
    }
  }
  return find_activation_operator(node.op);
}

Index width(const Chain& chain) {
  return chain.shape ? element_count(*chain.shape) / chain.samples : 0;
}

Eigen::RowVectorXd spread(const Chain& chain, const Eigen::RowVectorXd& values, Shape shape) {
  if (!chain.shape) return Eigen::RowVectorXd::Ones(1);
  const Shape& to = *chain.shape;
  const Shape given = shape;
  const auto refuse = [&] {
    fail("its constant of shape {} does not fit a value of shape {}", text(given), text(to));
  };
  if (values.size() == 1) return values;
  if (shape.size() > to.size()) refuse();
  shape.insert(shape.begin(), to.size() - shape.size(), 1);
  std::vector<Index> strides(to.size(), 0);
  Index inner = 1;      // values of the axes behind
  Index own_inner = 1;  // likewise of the constant
  for (std::size_t i = to.size(); i-- > 0;) {
    if (shape[i] != 1) {
      if (shape[i] != to[i]) refuse();
      if (inner * to[i] > width(chain)) {
        fail("its constant of shape {} has other values for each sample of a batch of {}",
             text(given), chain.samples);
      }
      strides[i] = own_inner;
    }
    own_inner *= shape[i];
    inner *= to[i];
  }
  Eigen::RowVectorXd result(width(chain));
  for (Index at = 0; at < result.size(); ++at) {
    Index from = 0;
    Index rest = at;
    for (std::size_t i = to.size(); i-- > 0; rest /= to[i]) from += rest % to[i] * strides[i];
    result[at] = values[from];
  }
  return result;
}

Eigen::RowVectorXd spread(const Chain& chain, const Tensor& tensor) {
  return spread(chain, reals(tensor), tensor.shape);
}

ElementwiseOperation composed(const ElementwiseOperation& first,
                              const ElementwiseOperation& second) {
  const Index size = std::max(
      {first.factor.size(), first.offset.size(), second.factor.size(), second.offset.size()});
  const auto whole = [size](const Eigen::RowVectorXd& values) -> Eigen::RowVectorXd {
    return values.size() == size ? values : Eigen::RowVectorXd::Constant(size, values[0]);
  };
  return {whole(first.factor).cwiseProduct(whole(second.factor)),
          whole(first.offset).cwiseProduct(whole(second.factor)) + whole(second.offset)};
}

void add_step(Chain& chain, const Node& node, decltype(Step::what) what) {
  if (chain.two_columns) {
    fail("it computes with the two probabilities of a binary classifier, which is not supported");
  }
  if (chain.integers && !std::holds_alternative<QuantizeStep>(what)) {
    fail("it reads integers, which DequantizeLinear should make reals of");
  }
  std::string place = node.place;
  if (auto* next = std::get_if<ElementwiseOperation>(&what)) {
    if (!chain.steps.empty()) {
      if (const auto* last = std::get_if<ElementwiseOperation>(&chain.steps.back().what)) {
        *next = composed(*last, *next);
        place = chain.steps.back().place + ", " + place;
        chain.steps.pop_back();
      }
    }
    if ((next->factor.array() == 1).all() && (next->offset.array() == 0).all()) return;
  }
  chain.steps.push_back({std::move(place), std::move(what)});
}

std::optional<Product> find_product(const Node& node) {
  const bool plain = node.op == "Gemm" || node.op == "MatMul" || node.op == "MatMulInteger";
  if (!plain && node.op != "QLinearMatMul" && node.op != "com.microsoft.QGemm") return std::nullopt;
  return Product{0, plain ? 1U : 3U, attribute<Index>(node, "transA") != 0,
                 attribute<Index>(node, "transB") != 0};
}

void add_product(Chain& chain, const Node& node, const Tensor& weights) {
  const Product product = find_product(node).value();
  const bool left = node.inputs[product.b] == chain.value;  // W x, else x W
  if (weights.shape.size() != 2) fail("its weights {} are no matrix", text(weights));
  const bool outputs_first = left ? !product.transposed_a : product.transposed_b;
  const Index inputs = weights.shape[outputs_first ? 1 : 0];
  const Index outputs = weights.shape[outputs_first ? 0 : 1];
  Shape shape = chain.shape.value_or(left ? Shape{inputs} : Shape{chain.samples, inputs});
  const bool is_column = left && shape.size() == 2;
  if (chain.shape && shape.size() == 2 && (left ? product.transposed_b : product.transposed_a)) {
    std::swap(shape[0], shape[1]);
  }
  if (is_column && shape[1] == 1) shape.pop_back();
  const bool misfits = shape.empty() || shape.back() != inputs || (left && shape.size() > 1) ||
                       element_count(shape) != inputs * chain.samples;
  if (chain.shape && misfits) {
    fail("its weights {} do not fit a value of shape {}", text(weights), text(*chain.shape));
  }
  shape.back() = outputs;
  if (is_column) shape.push_back(1);
  add_step(chain, node, DenseStep{weights, !outputs_first});
  chain.shape = std::move(shape);
}

Chain read_chain(const Graph& graph) {
  const Value& input = graph.inputs.front();
  Chain chain{graph, input.name};
  Problems problems = graph.problems;
  std::string misfit = "there is no dense layer (Gemm, MatMul) between its input and its output";
  if (const auto width = first_width(graph)) {
    try {
      chain.shape = input_shape(input, *width);
      chain.samples = element_count(*chain.shape) / *width;
      chain.inputs = *width;
    } catch (const std::runtime_error& error) {
      misfit = error.what();
    }
  }
  const bool fits = chain.shape.has_value();
  for (const Piece& piece : pieces(graph)) {
    read_piece(piece, chain, problems);
    chain.value = piece.output;
  }
  problems.throw_any();
  if (!fits) throw std::runtime_error(misfit);
  return chain;
}

}  // namespace pare::nn::onnx
