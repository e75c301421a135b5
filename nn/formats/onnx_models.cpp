// From the steps of a chain to a model.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>

#include "nn/activation.h"
#include "nn/formats/onnx_chain.h"
#include "nn/quantization.h"

namespace pare::nn::onnx {
namespace {

using Row = Eigen::RowVectorXd;

[[noreturn]] void refuse(const std::string& place, std::string_view what) {
  throw std::runtime_error(fmt::format("{}: {}", place, what));
}

Row whole(const Row& values, Index size) {
  return values.size() == size ? values : Row::Constant(size, values[0]);
}

Row biases(const DenseStep& dense, Index outputs) {
  return dense.bias ? whole(reals(*dense.bias), outputs) : Row::Zero(outputs);
}

/// The steps of a chain, from the first one on.
class Cursor {
 public:
  explicit Cursor(const std::vector<Step>& steps) : steps_(steps) {}

  bool at_end() const { return at_ == steps_.size(); }

  /// Of the next step, or of the last one.
  const std::string& place() const { return steps_[std::min(at_, steps_.size() - 1)].place; }

  template <class What>
  bool is_next() const {
    return !at_end() && std::holds_alternative<What>(steps_[at_].what);
  }

  /// The next step if it is of this kind; then the one behind it is the next.
  template <class What>
  const What* take() {
    return is_next<What>() ? std::get_if<What>(&steps_[at_++].what) : nullptr;
  }

 private:
  const std::vector<Step>& steps_;
  std::size_t at_ = 0;
};

/// Of the weights, by what is multiplied behind them: one, or one for each output.
Vector weight_scales(const std::string& place, const DenseStep& dense, const Row& factor,
                     Index outputs) {
  if (!dense.weights.scaling) refuse(place, "its weights are reals, and other values are integers");
  const Scaling& scaling = *dense.weights.scaling;
  if (scaling.scales.size() > 1 && scaling.axis != (dense.transposed ? 1 : 0)) {
    refuse(place,
           "its weights have a scale for each input; one for each output, or one for all, is "
           "supported");
  }
  const Row scales = Row::NullaryExpr(static_cast<Index>(scaling.scales.size()), [&](Index i) {
    return double{scaling.scales[static_cast<std::size_t>(i)]};
  });
  if (scales.size() == 1 && (factor.array() == factor[0]).all()) {
    return (scales * factor[0]).transpose().cast<float>();
  }
  return whole(scales, outputs).cwiseProduct(whole(factor, outputs)).transpose().cast<float>();
}

/// True if the bias is integers of just the scales that a layer's biases have.
bool has_layer_scales(const Int8Layer& layer, const Tensor& bias) {
  constexpr float kTolerance = 1e-5F;  // products of float32 scales differ in their last bits
  if (!bias.scaling || bias.type != Type::int32) return false;
  const auto count = static_cast<Index>(bias.scaling->scales.size());
  if (element_count(bias.shape) != layer.weights.rows()) return false;
  for (Index row = 0; row < layer.weights.rows(); ++row) {
    const float expected = layer.input.scale * row_scale(layer.weight_scales, row);
    const auto i = static_cast<std::size_t>(count == 1 ? 0 : row);
    if (std::abs(bias.scaling->scales[i] / expected - 1) > kTolerance) return false;
    if (bias.scaling->zero_points[i] != 0) return false;
  }
  return true;
}

Int32Vector integer_bias(const std::string& place, const Int8Layer& layer, const DenseStep& dense,
                         const ElementwiseOperation& behind) {
  const Index outputs = layer.weights.rows();
  Int32Vector bias(outputs);
  const bool unchanged = (behind.offset.array() == 0).all();
  if (unchanged && dense.bias && has_layer_scales(layer, *dense.bias)) {
    const std::vector<Index> values = integers(*dense.bias);
    for (Index row = 0; row < outputs; ++row) {
      bias[row] = static_cast<std::int32_t>(values[static_cast<std::size_t>(row)]);
    }
    return bias;
  }
  const Row real = biases(dense, outputs).cwiseProduct(whole(behind.factor, outputs)) +
                   whole(behind.offset, outputs);
  for (Index row = 0; row < outputs; ++row) {
    const float scale = row_scale(layer.weight_scales, row);
    const double steps = std::round(real[row] / (double{layer.input.scale} * double{scale}));
    if (!(std::abs(steps) <= std::numeric_limits<std::int32_t>::max())) {
      refuse(place, fmt::format("its bias {} is {} steps, and has 32 bits", row, steps));
    }
    bias[row] = static_cast<std::int32_t>(steps);
  }
  return bias;
}

/// What the layer ends in: nothing, or a clamp in front of where it is quantized; or a table from
/// one quantization to another.
void read_end(Cursor& steps, const std::string& place, Int8Layer& layer,
              std::vector<std::string>& notes) {
  const auto* first = steps.take<QuantizeStep>();
  const auto* activation = steps.take<ActivationOperation>();
  const auto* second = activation == nullptr ? nullptr : steps.take<QuantizeStep>();
  if (activation != nullptr) layer.activation = activation->activation;
  const QuantizeStep* last = second != nullptr ? second : first;
  if (last == nullptr) refuse(place, "what it gives is not quantized, and other values are");
  layer.output = last->to;
  if (activation == nullptr) return;
  if (second == nullptr) {
    const auto fixed = table_output(layer.activation);
    if (!fixed || !steps.at_end()) {
      refuse(place, fmt::format("what {} gives behind it is not quantized, and other values are",
                                text(layer.activation)));
    }
    layer.output = *fixed;
    notes.push_back(fmt::format("{}: what {} gives behind it is rounded to steps of {} here", place,
                                text(layer.activation), fixed->scale));
  }
  layer.activation = int8_activation(layer.activation, layer.output);
  if (!has_table(layer.activation)) {
    if (first != nullptr && first->to != layer.output) {
      refuse(place, fmt::format("it is quantized in front of {} and otherwise behind it",
                                text(layer.activation)));
    }
    return;
  }
  if (first == nullptr) {
    refuse(place, fmt::format("it is not quantized in front of {}", text(layer.activation)));
  }
  layer.pre_activation = first->to;
  const auto fixed = table_output(layer.activation);
  if (fixed && layer.output != *fixed) {
    refuse(place,
           fmt::format("the outputs of {} behind it have scale {} and zero point {}; only {} "
                       "and {} are supported",
                       text(layer.activation), layer.output.scale, layer.output.zero_point,
                       fixed->scale, fixed->zero_point));
  }
}

Int8Layer read_layer(Cursor& steps, const Quantization& input, std::vector<std::string>& notes) {
  const std::string place = steps.place();
  const DenseStep& dense = *steps.take<DenseStep>();
  ElementwiseOperation behind{Row::Ones(1), Row::Zero(1)};
  if (const auto* given = steps.take<ElementwiseOperation>()) behind = *given;
  if (!(behind.factor.minCoeff() > 0)) refuse(place, "what it gives is multiplied by no size");
  Int8Layer layer;
  layer.input = input;
  layer.requantizing = Requantizing::single_rounding;
  const Index outputs = dense.weights.shape[dense.transposed ? 1 : 0];
  layer.weight_scales = weight_scales(place, dense, behind.factor, outputs);
  layer.weights = int8_matrix(dense.weights, dense.transposed);
  layer.bias = integer_bias(place, layer, dense, behind);
  read_end(steps, place, layer, notes);
  return layer;
}

/// The inputs' ends, of what makes them into what is quantized first.
Inputs read_inputs(Cursor& steps, Index count, std::vector<std::string>& notes) {
  std::vector<Operation> front;
  std::string place = steps.place();
  if (const auto* scaling = steps.take<ElementwiseOperation>()) front.push_back({place, *scaling});
  place = steps.place();
  if (const auto* activation = steps.take<ActivationOperation>()) {
    front.push_back({place, *activation});
  }
  front.push_back({"", DenseOperation{Matrix::Zero(1, count), Vector::Zero(1)}});
  return fold(count, front, notes).inputs;
}

void read_outputs(Model& model, Cursor& steps) {
  Outputs& outputs = model.outputs;
  const Index count = output_count(model);
  if (const auto* scaling = steps.take<ElementwiseOperation>()) {
    outputs.factor = whole(scaling->factor, count).cast<float>();
    outputs.offset = whole(scaling->offset, count).cast<float>();
  }
  if (const auto* softmax = steps.take<SoftmaxOperation>()) {
    outputs.meaning = softmax->logarithm ? Meaning::log_probabilities : Meaning::probabilities;
  }
  if (!steps.at_end()) refuse(steps.place(), "it comes behind the last value that is quantized");
}

DenseOperation dense_operation(const DenseStep& dense) {
  DenseOperation operation{matrix(dense.weights, dense.transposed), {}};
  operation.bias = biases(dense, operation.weights.rows()).transpose().cast<float>();
  return operation;
}

}  // namespace

bool is_int8(const std::vector<Step>& steps) {
  const auto dense = std::find_if(steps.begin(), steps.end(), [](const Step& step) {
    return std::holds_alternative<DenseStep>(step.what);
  });
  return std::any_of(dense, steps.end(), [](const Step& step) {
    return std::holds_alternative<QuantizeStep>(step.what);
  });
}

Model float_model(const Chain& chain, std::vector<std::string>& notes) {
  std::vector<Operation> operations;
  std::set<Type> types;  // of weights
  for (const Step& step : chain.steps) {
    const auto* dense = std::get_if<DenseStep>(&step.what);
    if (dense != nullptr) {
      operations.push_back({step.place, dense_operation(*dense)});
      types.insert(dense->weights.type);
    } else if (const auto* elementwise = std::get_if<ElementwiseOperation>(&step.what)) {
      operations.push_back({step.place, *elementwise});
    } else if (const auto* activation = std::get_if<ActivationOperation>(&step.what)) {
      operations.push_back({step.place, *activation});
    } else if (const auto* softmax = std::get_if<SoftmaxOperation>(&step.what)) {
      operations.push_back({step.place, *softmax});
    } else {
      notes.push_back(fmt::format(
          "{}: the file rounds values to 8 bits, and here they stay float32", step.place));
    }
  }
  types.erase(Type::float32);
  for (const Type type : types) {
    notes.push_back(fmt::format("weights are {} in the file, and float32 here", name(type)));
  }
  return fold(chain.inputs, operations, notes);
}

Model int8_model(const Chain& chain, std::vector<std::string>& notes) {
  Cursor steps(chain.steps);
  Model model;
  model.inputs = read_inputs(steps, chain.inputs, notes);
  const auto* quantize = steps.take<QuantizeStep>();
  if (quantize == nullptr) {
    refuse(steps.place(), "its input is reals, and other values are integers");
  }
  Quantization input = quantize->to;
  while (steps.is_next<DenseStep>()) {
    Int8Layer layer = read_layer(steps, input, notes);
    input = layer.output;
    model.layers.emplace_back(std::move(layer));
  }
  if (model.layers.empty()) refuse(steps.place(), "it is quantized, and no dense layer follows");
  read_outputs(model, steps);
  notes.emplace_back(
      "sums are rounded to 8 bits once, by integers; other runtimes, which use float32, may give "
      "outputs that are a step away");
  return model;
}

}  // namespace pare::nn::onnx
