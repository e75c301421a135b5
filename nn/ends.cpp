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
    for (const float logit : outputs.row(i)) sum += elementary::exp(double{logit} - double{largest});
    outputs.row(i).array() -= largest + static_cast<float>(elementary::log(sum));
  }
  return outputs;
}

Matrix given_outputs(const Outputs& ends, Matrix real) {
  if (ends.offset.size() != 0) real.rowwise() -= ends.offset;
  if (ends.factor.size() != 0) real.array().rowwise() /= ends.factor.array();
  return real;
}

Model without_ends(Model model) { return {std::move(model.layers)}; }

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
