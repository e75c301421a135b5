#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "nn/activation.h"
#include "nn/formats/tflite_steps.h"

namespace pare::nn::tflite {
namespace {

using Row = Eigen::RowVectorXd;

DenseOperation dense(const Step& step, std::vector<std::string>& hybrid) {
  const Tensor& weights = dense_weights(step);
  if (weights_type(step) == kInt8) hybrid.push_back(step.place);
  DenseOperation result{reals(weights), Vector::Zero(weights.shape[0])};
  if (const Tensor* bias = dense_bias(step)) result.bias = reals(*bias).reshaped();
  return result;
}

/// The constant of an elementwise operator for the values of a sample: [values], or [1] for all.
Row broadcast(const Step& step, const Tensor& constant) {
  Row values = reals(constant).reshaped<Eigen::RowMajor>().cast<double>().transpose();
  if (values.size() == 1) return values;
  const auto begin = std::find_if(constant.shape.begin(), constant.shape.end(),
                                  [](std::int32_t extent) { return extent != 1; });
  const auto& shape = step.input.shape;
  const Index size = sample_size(step.input);
  const auto dimensions = constant.shape.end() - begin;
  if (dimensions > shape.end() - shape.begin() || size % values.size() != 0 ||
      !std::equal(begin, constant.shape.end(), shape.end() - dimensions)) {
    refuse(fmt::format("its constant of shape [{}] does not fit a sample of {}, [{}]",
                       fmt::join(constant.shape, ", "), in_quotes(step.input.name),
                       fmt::join(shape, ", ")));
  }
  return values.replicate(1, size / values.size());
}

ElementwiseOperation elementwise(const Step& step) {
  const std::string& name = step.op.name;
  if (step.op.inputs.size() != 2) refuse("it does not have two inputs");
  const std::int32_t right = step.op.inputs[1];
  const bool left =  // c - x
      right >= 0 && &step.graph.tensors[static_cast<std::size_t>(right)] == &step.input;
  const Row values = broadcast(step, constant(step, left ? 0 : 1, "constant"));
  const auto all = [](double value) { return Row::Constant(1, value); };
  if (name == "MUL") return {values, all(0)};
  if (name == "ADD") return {all(1), values};
  if (name == "SUB") {
    return left ? ElementwiseOperation{all(-1), values} : ElementwiseOperation{all(1), -values};
  }
  if (left) refuse("it divides a constant; a division by a constant is supported");
  if ((values.array() == 0).any()) refuse("it divides by 0");
  return {values.cwiseInverse(), all(0)};
}

}  // namespace

SoftmaxOperation softmax(const Step& step) {
  const bool logarithm = step.op.name == "LOG_SOFTMAX";
  if (!logarithm && step.op.beta != 1) {
    refuse(fmt::format("its beta is {}, expected 1", step.op.beta));
  }
  if (step.input.shape.empty() || step.input.shape.back() != sample_size(step.input)) {
    refuse("it is taken over a part of the values, not over all");
  }
  return {logarithm};
}

void add_float_operations(const Step& step, std::vector<Operation>& chain,
                          std::vector<std::string>& hybrid) {
  const std::string& name = step.op.name;
  if (name == "FULLY_CONNECTED") {
    chain.push_back({step.place, dense(step, hybrid)});
  } else if (is_elementwise(step.op)) {
    chain.push_back({step.place, elementwise(step)});
  } else if (is_softmax(step.op)) {
    chain.push_back({step.place, softmax(step)});
  } else {
    chain.push_back({step.place, ActivationOperation{activation(step.op, name)}});
  }
  const Activation fused = activation(step.op, step.op.fused);
  if (fused != Activation::identity) chain.push_back({step.place, ActivationOperation{fused}});
}

}  // namespace pare::nn::tflite
