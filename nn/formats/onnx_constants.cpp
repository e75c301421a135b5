// What nodes give that read constants alone, and nodes that only change a shape.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <stdexcept>

#include "nn/formats/onnx_graph.h"

namespace pare::nn::onnx {
namespace {

/// An axis as it counts from the front.
std::size_t checked_axis(Index axis, std::size_t rank) {
  const auto count = static_cast<Index>(rank);
  if (axis < -count || axis >= count) fail("its axis {} is beyond {} dimensions", axis, rank);
  return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

/// The axes of a Squeeze or Unsqueeze: an attribute before opset 13, then an input.
std::vector<Index> given_axes(const Graph& graph, const Node& node) {
  if (has_attribute(node, "axes")) return attribute<std::vector<Index>>(node, "axes");
  const Tensor* axes = find_constant(graph, node, 1);
  return axes == nullptr ? std::vector<Index>{} : integers(*axes);
}

Shape flattened(const Node& node, const Shape& shape) {
  const auto rank = static_cast<Index>(shape.size());
  const Index axis = attribute<Index>(node, "axis", 1);
  if (axis < -rank || axis > rank) fail("its axis {} is beyond {} dimensions", axis, rank);
  const auto split = shape.begin() + (axis < 0 ? axis + rank : axis);
  return {element_count({shape.begin(), split}), element_count({split, shape.end()})};
}

Shape squeezed(const Graph& graph, const Node& node, const Shape& shape) {
  std::vector<bool> leaves(shape.size(), false);
  const std::vector<Index> axes = given_axes(graph, node);
  for (const Index axis : axes) leaves[checked_axis(axis, shape.size())] = true;
  Shape result;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (leaves[i] && shape[i] != 1) {
      fail("it takes away an axis of {} of {}", shape[i], text(shape));
    }
    if (!leaves[i] && !(axes.empty() && shape[i] == 1)) result.push_back(shape[i]);
  }
  return result;
}

Shape unsqueezed(const Graph& graph, const Node& node, const Shape& shape) {
  const std::vector<Index> axes = given_axes(graph, node);
  std::vector<bool> fresh(shape.size() + axes.size(), false);
  for (const Index axis : axes) fresh[checked_axis(axis, fresh.size())] = true;
  if (std::count(fresh.begin(), fresh.end(), true) != static_cast<Index>(axes.size())) {
    fail("it adds an axis twice");
  }
  Shape result;
  auto old = shape.begin();
  for (const bool is_fresh : fresh) result.push_back(is_fresh ? 1 : *old++);
  return result;
}

/// The value of a Constant node, in one of its attributes.
Tensor constant_value(const Node& node) {
  const std::string& name = node.outputs.at(0);
  const auto size = [](const auto& values) { return Shape{static_cast<Index>(values.size())}; };
  for (const auto& [key, value] : node.attributes) {
    if (const auto* tensor = std::get_if<Tensor>(&value)) {
      Tensor named = *tensor;
      named.name = name;
      return named;
    }
    if (const auto* real = std::get_if<float>(&value))
      return make_tensor(name, {}, std::vector{*real});
    if (const auto* integer = std::get_if<Index>(&value))
      return make_tensor(name, {}, std::vector{*integer});
    if (const auto* reals = std::get_if<std::vector<float>>(&value)) {
      return make_tensor(name, size(*reals), *reals);
    }
    if (const auto* integers = std::get_if<std::vector<Index>>(&value)) {
      return make_tensor(name, size(*integers), *integers);
    }
  }
  fail("its value is none of numbers");
}

/// Numbers are read as what they are: only what would round them needs more than their type.
Tensor cast(const Node& node, const Tensor& tensor) {
  const auto to = static_cast<Type>(attribute<Index>(node, "to"));
  const bool wider = is_real(to) ? size_bytes(to) >= 4 || to == tensor.type
                                 : !is_real(tensor.type) && size_bytes(to) >= 4;
  if (!wider) fail("it makes {} of the constant {}", name(to), text(tensor));
  return tensor;
}

/// The same with its axes in the order of `axes`.
Tensor transpose(const Tensor& tensor, const std::vector<Index>& axes) {
  const std::size_t rank = tensor.shape.size();
  const std::size_t width = size_bytes(tensor.type);
  std::vector<Index> strides(rank, 1);
  for (std::size_t i = rank; i-- > 1;) strides[i - 1] = strides[i] * tensor.shape[i];
  Tensor result = tensor;
  for (std::size_t i = 0; i < rank; ++i) {
    result.shape[i] = tensor.shape[static_cast<std::size_t>(axes[i])];
  }
  auto bytes = std::make_shared<std::string>();
  bytes->reserve(tensor.bytes.size());
  std::vector<Index> at(rank, 0);  // the place of an element in the result
  for (Index n = element_count(tensor.shape); n > 0; --n) {
    Index from = 0;
    for (std::size_t i = 0; i < rank; ++i) {
      from += at[i] * strides[static_cast<std::size_t>(axes[i])];
    }
    bytes->append(tensor.bytes.substr(static_cast<std::size_t>(from) * width, width));
    for (std::size_t i = rank; i-- > 0 && ++at[i] == result.shape[i];) at[i] = 0;
  }
  result.bytes = *bytes;
  result.owner = std::move(bytes);
  if (tensor.scaling && tensor.scaling->scales.size() > 1) {
    auto scaling = std::make_shared<Scaling>(*tensor.scaling);
    scaling->axis = std::find(axes.begin(), axes.end(), scaling->axis) - axes.begin();
    result.scaling = std::move(scaling);
  }
  return result;
}

Tensor transposed(const Node& node, const Tensor& tensor) {
  std::vector<Index> axes(tensor.shape.size());
  std::iota(axes.rbegin(), axes.rend(), Index{0});
  axes = attribute(node, "perm", axes);
  std::vector<Index> sorted = axes;
  std::sort(sorted.begin(), sorted.end());
  std::vector<Index> all(tensor.shape.size());
  std::iota(all.begin(), all.end(), Index{0});
  if (sorted != all) fail("its perm {} is no order of {} axes", text(axes), all.size());
  return transpose(tensor, axes);
}

Tensor dequantized(const Graph& graph, const Node& node, const Tensor& tensor) {
  if (attribute<Index>(node, "block_size", 0) != 0)
    fail("scales for blocks of weights are not supported");
  const auto rank = static_cast<Index>(tensor.shape.size());
  const Index axis = attribute<Index>(node, "axis", 1);
  return scaled(tensor, constant(graph, node, 1), find_constant(graph, node, 2),
                axis < 0 ? axis + rank : axis);
}

}  // namespace

bool keeps_elements(const Node& node) {
  static constexpr std::array kOperators{"Identity", "Dropout", "Flatten",
                                         "Reshape",  "Squeeze", "Unsqueeze"};
  return std::find(kOperators.begin(), kOperators.end(), node.op) != kOperators.end();
}

Shape new_shape(const Graph& graph, const Node& node, const Shape& shape) {
  if (node.op == "Flatten") return flattened(node, shape);
  if (node.op == "Reshape") return reshaped(node, shape, integers(constant(graph, node, 1)));
  if (node.op == "Squeeze") return squeezed(graph, node, shape);
  if (node.op == "Unsqueeze") return unsqueezed(graph, node, shape);
  return shape;
}

Shape reshaped(const Node& node, const Shape& from, Shape to) {
  const bool keeps_zero = attribute<Index>(node, "allowzero", 0) == 0;
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i] == 0 && keeps_zero && i < from.size()) to[i] = from[i];
  }
  const Index count = element_count(from);
  const auto rest = std::find(to.begin(), to.end(), -1);
  if (rest != to.end()) {
    *rest = 1;
    *rest = std::max<Index>(1, count / element_count(to));
  }
  if (element_count(to) != count) {
    fail("it makes {} of {}, which has not as many elements", text(to), text(from));
  }
  return to;
}

Tensor evaluate(const Graph& graph, const Node& node) {
  if (node.op == "Constant") return constant_value(node);
  if (node.inputs.empty()) fail("{} is not supported", node.op);
  Tensor tensor = constant(graph, node, 0);
  if (node.op == "Cast") return cast(node, tensor);
  if (node.op == "Transpose") return transposed(node, tensor);
  if (node.op == "DequantizeLinear") return dequantized(graph, node, tensor);
  if (!keeps_elements(node)) {
    fail("it computes a constant; have constants folded before the export");
  }
  const Shape shape = new_shape(graph, node, tensor.shape);
  if (shape != tensor.shape && tensor.scaling && tensor.scaling->scales.size() > 1) {
    fail("it changes the shape of {}, which has a scale a row", text(tensor));
  }
  tensor.shape = shape;
  return tensor;
}

}  // namespace pare::nn::onnx
