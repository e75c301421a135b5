#pragma once

#include <string>
#include <variant>
#include <vector>

#include "nn/model.h"

namespace pare::nn {

/// y = weights x + bias.
struct DenseOperation {
  Matrix weights;  ///< [outputs, inputs]
  Vector bias;     ///< [outputs]
};

/// y = x * factor + offset, element by element; as doubles, so that several become one without
/// rounding between them.
struct ElementwiseOperation {
  Eigen::RowVectorXd factor;  ///< [values], or [1] for all
  Eigen::RowVectorXd offset;  ///< likewise
};

/// y = activation(x).
struct ActivationOperation {
  Activation activation;
};

/// Softmax, or its logarithm: only at the end.
struct SoftmaxOperation {
  bool logarithm = false;
};

/// One step of a graph that is a chain, as a file of any format has it.
struct Operation {
  std::string place;  ///< for messages: "node 'dense_1/MatMul' (MatMul)"
  std::variant<DenseOperation, ElementwiseOperation, ActivationOperation, SoftmaxOperation> what;
};

/// The float model of a chain of operations on `inputs` values. Elementwise operations in front
/// become the inputs' offset and factor, those elsewhere go into a dense layer beside them, or at
/// the end behind an activation into the outputs' factor and offset; `notes` says so. Throws
/// std::invalid_argument, naming the place, if sizes do not fit or a chain is no MLP.
Model fold(Index inputs, const std::vector<Operation>& chain, std::vector<std::string>& notes);

/// The chain that a float model stands for: what writers write. Its ends included.
std::vector<Operation> unfold(const Model& model);

}  // namespace pare::nn
