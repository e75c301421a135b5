#pragma once

#include "nn/forward.h"
#include "tests/nn/onnx_graph.h"

/// Small graphs around a dense layer of two inputs and three outputs.
namespace pare::tests {

using nn::Matrix;

inline const Matrix kWeights{{1, 2}, {3, -4}, {0.5F, 6}};  // [outputs, inputs]

/// The elements of a matrix, or of its transpose, row by row.
inline std::vector<float> elements(const Matrix& matrix, bool transposed = false) {
  const Matrix rows = transposed ? Matrix(matrix.transpose()) : matrix;
  return {rows.data(), rows.data() + rows.size()};
}

/// A graph that reads "x" [batch, 2] and is to give "y".
inline OnnxGraph two_inputs(int opset = 13) {
  OnnxGraph graph(opset);
  graph.input("x", {"batch", 2});
  graph.output("y");
  return graph;
}

/// The value of a dense layer with kWeights and no bias.
inline std::string dense(OnnxGraph& graph, const std::string& x, const std::string& y) {
  return graph.node("MatMul", {x, graph.constant("W", {2, 3}, elements(kWeights, true))}, y);
}

inline Matrix run(const OnnxGraph& graph, const Matrix& x) {
  return nn::forward(read_onnx(graph.bytes()).model, x);
}

inline double distance(const Matrix& a, const Matrix& b) {
  return (a - b).cast<double>().cwiseAbs().maxCoeff();
}

/// What the nodes of `add` make of the outputs of a dense layer, x kWeights'.
template <class Add>
nn::Model behind_dense(Add add, int opset = 13) {
  OnnxGraph graph = two_inputs(opset);
  add(graph, dense(graph, "x", "h"));
  return read_onnx(graph.bytes()).model;
}

inline const Matrix kSamples{{1, 0}, {-2, 0.5F}, {0, -3}};
inline const Matrix kDense = kSamples * kWeights.transpose();

}  // namespace pare::tests
