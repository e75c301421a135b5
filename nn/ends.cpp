#include "nn/ends.h"

#include <utility>

#include "nn/activation.h"
#include "nn/elementary.h"
#include "nn/forward.h"
#include "nn/loss.h"
#include "nn/quantization.h"

namespace pare::nn {

Matrix seen_inputs(const Inputs& ends, Matrix inputs) {
  if (ends.offset.size() != 0) inputs.rowwise() -= ends.offset;
  if (ends.factor.size() != 0) inputs.array().rowwise() *= ends.factor.array();
  activate(ends.activation, inputs);
  return inputs;
}

Matrix real_outputs(const Outputs& ends, Matrix outputs) {
  if (ends.factor.size() != 0) outputs.array().rowwise() *= ends.factor.array();
  if (ends.offset.size() != 0) outputs.rowwise() += ends.offset;
  if (ends.meaning == Meaning::probabilities) return softmax(outputs);
  if (ends.meaning != Meaning::log_probabilities) return outputs;
  for (Index i = 0; i < outputs.rows(); ++i) {
    const float largest = outputs.row(i).maxCoeff();
    double sum = 0;
    for (const float logit : outputs.row(i))
      sum += elementary::exp(double{logit} - double{largest});
    outputs.row(i).array() -= largest;  // on its own: what is left is small
    outputs.row(i).array() -= static_cast<float>(elementary::log(sum));
  }
  return outputs;
}

Matrix given_outputs(const Outputs& ends, Matrix real) {
  if (ends.offset.size() != 0) real.rowwise() -= ends.offset;
  if (ends.factor.size() != 0) real.array().rowwise() /= ends.factor.array();
  return real;
}

Model without_ends(Model model) { return {std::move(model.layers)}; }

std::vector<Index> predicted_classes(const Model& model, const Matrix& outputs) {
  const bool binary = is_binary(model);
  std::vector<Index> classes(static_cast<std::size_t>(outputs.rows()));
  for (Index i = 0; i < outputs.rows(); ++i) {
    Index& best = classes[static_cast<std::size_t>(i)];
    if (binary) {
      best = outputs(i, 0) >= 0.5F ? 1 : 0;
    } else {
      outputs.row(i).maxCoeff(&best);
    }
  }
  return classes;
}

Matrix class_probabilities(const Model& model, const Matrix& outputs) {
  if (is_binary(model)) {
    Matrix probabilities(outputs.rows(), 2);
    probabilities.col(1) = outputs.col(0);
    probabilities.col(0) = 1 - outputs.col(0).array();
    return probabilities;
  }
  return model.outputs.meaning == Meaning::probabilities ? outputs : softmax(outputs);
}

std::vector<Index> right_classes(const Matrix& targets) {
  std::vector<Index> classes(static_cast<std::size_t>(targets.rows()));
  for (Index i = 0; i < targets.rows(); ++i) {
    targets.row(i).maxCoeff(&classes[static_cast<std::size_t>(i)]);
  }
  return classes;
}

Matrix one_hot(const std::vector<Index>& classes, Index count) {
  Matrix targets = Matrix::Zero(static_cast<Index>(classes.size()), count);
  for (std::size_t i = 0; i < classes.size(); ++i) targets(static_cast<Index>(i), classes[i]) = 1;
  return targets;
}

bool is_identity(const Inputs& ends) {
  return (ends.offset.array() == 0).all() && (ends.factor.array() == 1).all() &&
         ends.activation == Activation::identity;
}

bool is_identity(const Outputs& ends) {
  return (ends.offset.array() == 0).all() && (ends.factor.array() == 1).all() &&
         ends.meaning != Meaning::probabilities && ends.meaning != Meaning::log_probabilities;
}

Int8Matrix quantized_inputs(const Model& model, const Matrix& inputs) {
  return quantize(seen_inputs(model.inputs, inputs), input_quantization(model));
}

}  // namespace pare::nn
