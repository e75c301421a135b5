// Nodes between which a graph branches and comes together again.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <stdexcept>

#include "nn/activation.h"
#include "nn/formats/onnx_chain.h"

namespace pare::nn::onnx {
namespace {

using Values = Eigen::ArrayXd;

/// Where functions are compared: 0 and on both sides of it as far as they bend.
const Values& points() {
  static const Values kPoints = Values::LinSpaced(129, -8, 8);
  return kPoints;
}

/// What a node gives at the points; nothing if it is no function of single numbers.
std::optional<Values> node_values(const Node& node, const std::vector<Values>& inputs) {
  if (inputs.size() == 2) {
    if (node.op == "Add") return inputs[0] + inputs[1];
    if (node.op == "Sub") return inputs[0] - inputs[1];
    if (node.op == "Mul") return inputs[0] * inputs[1];
    if (node.op == "Div") return inputs[0] / inputs[1];
    if (node.op == "Pow") return inputs[0].pow(inputs[1]);
  }
  if (inputs.size() != 1) return std::nullopt;
  const Values& x = inputs[0];
  if (node.op == "Identity") return x;
  if (node.op == "Neg") return -x;
  if (node.op == "Exp") return x.exp();
  if (node.op == "Erf") return x.unaryExpr([](double value) { return std::erf(value); });
  for (const auto function : activation_functions()) {
    const ActivationFunction& known = function();
    if (known.info.onnx != node.op || known.info.alpha) continue;
    return x.unaryExpr([&known](double value) { return known.value(value, 0); });
  }
  return std::nullopt;
}

/// What a piece gives where its input is at the points; nothing if it is no function of single
/// numbers.
std::optional<Values> piece_values(const Piece& piece, const Graph& graph) {
  std::map<std::string, Values> known{{piece.input, points()}};
  for (const Node& node : piece.nodes) {
    std::vector<Values> inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (const auto found = known.find(node.inputs[i]); found != known.end()) {
        inputs.push_back(found->second);
        continue;
      }
      const Tensor* tensor = find_constant(graph, node, i);
      if (tensor == nullptr || element_count(tensor->shape) != 1) return std::nullopt;
      inputs.emplace_back(Values::Constant(points().size(), real(*tensor)));
    }
    const auto values = node_values(node, inputs);
    if (!values) return std::nullopt;
    known[node.outputs.at(0)] = *values;
  }
  return known[piece.output];
}

/// An activation function, and how far `factor` times it is from what a piece gives.
struct Likeness {
  Activation activation = Activation::identity;
  double factor = 1;
  double distance = std::numeric_limits<double>::infinity();
};

Likeness most_alike(const Values& values) {
  Likeness best;
  for (const auto function : activation_functions()) {
    const ActivationFunction& known = function();
    if (known.info.alpha || Activation{function} == Activation::identity) continue;
    const Values own = points().unaryExpr([&known](double x) { return known.value(x, 0); });
    const Index last = own.size() - 1;
    const auto factor = double{static_cast<float>(values[last] / own[last])};
    const double distance = (values - factor * own).abs().maxCoeff() / std::abs(factor);
    if (distance < best.distance) best = {{function}, factor, distance};
  }
  return best;
}

/// Exporters write gelu and silu in several orders of several nodes: their values tell them.
bool read_function(const Piece& piece, Chain& chain) {
  constexpr double kSame = 1e-6;  // float32 constants are that exact
  constexpr double kNear = 0.05;
  const auto values = piece_values(piece, chain.graph);
  if (!values) return false;
  const Likeness like = most_alike(*values);
  if (!(like.distance < kNear)) return false;
  const Node& last = piece.nodes.back();
  if (like.distance > kSame) {
    fail(
        "it and the nodes up to {} make a function that is not supported; the nearest is {}, "
        "which differs by up to {:.1e}",
        last.place, name(like.activation), like.distance);
  }
  add_step(chain, last, ActivationOperation{like.activation});
  add_step(chain, last,
           ElementwiseOperation{Eigen::RowVectorXd::Constant(1, like.factor),
                                Eigen::RowVectorXd::Zero(1)});
  return true;
}

/// [1 - p, p], as scikit-learn's binary MLPClassifier has it.
bool read_two_columns(const Piece& piece, Chain& chain) {
  if (piece.nodes.size() != 2 || chain.steps.empty()) return false;
  const Node& sub = piece.nodes[0];
  const Node& concat = piece.nodes[1];
  const auto* last = std::get_if<ActivationOperation>(&chain.steps.back().what);
  if (sub.op != "Sub" || concat.op != "Concat" || sub.inputs.size() != 2 ||
      sub.inputs[1] != piece.input || real(constant(chain.graph, sub, 0)) != 1 ||
      concat.inputs != std::vector{sub.outputs.at(0), piece.input} || last == nullptr ||
      last->activation != Activation::sigmoid || width(chain) != 1) {
    return false;
  }
  chain.two_columns = true;
  chain.shape = Shape{chain.samples, 2};
  return true;
}

/// The five nodes that ONNX Runtime's dynamic quantization makes of a MatMul.
bool read_dynamic(const Piece& piece, Chain& chain) {
  std::map<std::string_view, std::vector<const Node*>> by_op;
  for (const Node& node : piece.nodes) by_op[node.op].push_back(&node);
  if (piece.nodes.size() != 5 || by_op["DynamicQuantizeLinear"].size() != 1 ||
      by_op["MatMulInteger"].size() != 1 || by_op["Cast"].size() != 1 || by_op["Mul"].size() != 2) {
    return false;
  }
  const Node& quantize = *by_op["DynamicQuantizeLinear"][0];
  const Node& product = *by_op["MatMulInteger"][0];
  const Node& cast = *by_op["Cast"][0];
  const Node& last = piece.nodes.back();
  const Node& scales = *by_op["Mul"][by_op["Mul"][0] == &last ? 1 : 0];
  if (quantize.outputs.size() != 3) return false;
  const auto reads = [](const Node& node, std::size_t i, const std::string& name) {
    return i < node.inputs.size() && node.inputs[i] == name;
  };
  const std::size_t input_scale = reads(scales, 0, quantize.outputs[1]) ? 0 : 1;
  const bool cast_first = reads(last, 0, cast.outputs.at(0));
  if (!reads(product, 0, quantize.outputs[0]) || !reads(product, 2, quantize.outputs[2]) ||
      !reads(cast, 0, product.outputs.at(0)) || !reads(scales, input_scale, quantize.outputs[1]) ||
      !reads(last, cast_first ? 0 : 1, cast.outputs[0]) ||
      !reads(last, cast_first ? 1 : 0, scales.outputs.at(0))) {
    return false;
  }
  chain.value = quantize.outputs[0];
  add_product(
      chain, product,
      scaled(constant(chain.graph, product, 1), constant(chain.graph, scales, 1 - input_scale),
             find_constant(chain.graph, product, 3), 1));
  chain.notes.push_back(fmt::format(
      "{}: the file rounds its inputs to 8 bits, and here they stay float32", product.place));
  return true;
}

/// A Reshape to what nodes compute of the shape of its value, as PyTorch's x.view(x.size(0), -1).
bool read_computed_reshape(const Piece& piece, Chain& chain) {
  const Node& last = piece.nodes.back();
  if (!chain.shape || last.op != "Reshape" || last.inputs.size() < 2) return false;
  std::map<std::string, Shape> known;
  const auto given = [&](const Node& node, std::size_t i) {
    const auto found = known.find(i < node.inputs.size() ? node.inputs[i] : "");
    return found != known.end() ? found->second : integers(constant(chain.graph, node, i));
  };
  for (const Node& node : piece.nodes.first(piece.nodes.size() - 1)) {
    Shape& result = known[node.outputs.at(0)];
    if (node.op == "Shape" && node.inputs.at(0) == piece.input) {
      result = *chain.shape;
    } else if (node.op == "Gather" && attribute<Index>(node, "axis") == 0) {
      const Shape from = given(node, 0);
      for (const Index i : given(node, 1)) {
        const auto count = static_cast<Index>(from.size());
        if (i < -count || i >= count) return false;
        result.push_back(from[static_cast<std::size_t>(i < 0 ? i + count : i)]);
      }
    } else if (node.op == "Concat") {
      for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        const Shape part = given(node, i);
        result.insert(result.end(), part.begin(), part.end());
      }
    } else if (node.op == "Unsqueeze" || node.op == "Squeeze" || node.op == "Cast") {
      result = given(node, 0);
    } else {
      return false;
    }
  }
  if (last.inputs[0] != piece.input || !known.contains(last.inputs[1])) return false;
  chain.shape = reshaped(last, *chain.shape, given(last, 1));
  return true;
}

}  // namespace

std::vector<Piece> pieces(const Graph& graph) {
  std::map<std::string_view, std::size_t> readers{{graph.output.name, 1}};
  for (const Node& node : graph.nodes) {
    for (const std::string& name : node.inputs) ++readers[name];
  }
  std::vector<Piece> all;
  std::set<std::string_view> live{graph.inputs.front().name};
  Piece piece{graph.inputs.front().name, {}, {}};
  const Node* begin = graph.nodes.data();
  for (const Node& node : graph.nodes) {
    for (const std::string& name : node.inputs) {
      if (--readers[name] == 0) live.erase(name);
    }
    for (const std::string& name : node.outputs) {
      if (!name.empty() && readers[name] > 0) live.insert(name);
    }
    if (live.size() != 1) continue;  // else a later node reads another value too
    piece.nodes = {begin, &node + 1};
    piece.output = std::string(*live.begin());
    all.push_back(piece);
    piece.input = piece.output;
    begin = &node + 1;
  }
  return all;
}

void read_branches(const Piece& piece, Chain& chain, Problems& problems) {
  if (read_function(piece, chain) || read_two_columns(piece, chain) || read_dynamic(piece, chain) ||
      read_computed_reshape(piece, chain)) {
    return;
  }
  bool known = true;
  for (const Node& node : piece.nodes) {
    if (find_operator(node) != nullptr || node.op == "Concat") continue;
    problems.add(node, hint(node));
    known = false;
  }
  if (!known) throw Reported{};
  fail("the graph branches at '{}' and joins again at {}; only a chain of layers is supported",
       piece.input, piece.nodes.back().place);
}

}  // namespace pare::nn::onnx
