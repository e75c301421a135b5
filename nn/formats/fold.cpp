#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "nn/activation.h"
#include "nn/formats/operations.h"

namespace pare::nn {
namespace {

using Row = Eigen::RowVectorXd;

[[noreturn]] void refuse(const Operation& at, const std::string& what) {
  throw std::invalid_argument(fmt::format("{}: {}", at.place, what));
}

/// y = x * factor + offset, or nothing at all.
struct Scaling {
  std::optional<ElementwiseOperation> by = {};
  std::string places = {};  ///< of the operations that it came from

  /// One more operation behind the ones before, on `size` values.
  void add(const Operation& at, const ElementwiseOperation& next, Index size) {
    const auto whole = [&](const Row& values) -> Row {
      if (values.size() == size) return values;
      if (values.size() != 1) {
        refuse(at, fmt::format("it has {} constants for {} values", values.size(), size));
      }
      return Row::Constant(size, values[0]);
    };
    const Row factor = whole(next.factor);
    const Row offset = whole(next.offset);
    by = by ? ElementwiseOperation{by->factor.cwiseProduct(factor),
                                   by->offset.cwiseProduct(factor) + offset}
            : ElementwiseOperation{factor, offset};
    places += (places.empty() ? "" : ", ") + at.place;
  }
};

/// The layer with `scaling` before it: weights (x f + o) + b.
void fold_before(const Scaling& scaling, DenseLayer& layer) {
  const Eigen::MatrixXd weights = layer.weights.cast<double>();
  for (Index row = 0; row < weights.rows(); ++row) {
    double sum = double{layer.bias[row]};
    for (Index i = 0; i < weights.cols(); ++i) sum += weights(row, i) * scaling.by->offset[i];
    layer.bias[row] = static_cast<float>(sum);
  }
  layer.weights = (weights.array().rowwise() * scaling.by->factor.array()).matrix().cast<float>();
}

/// The layer with `scaling` behind it.
void fold_behind(const Scaling& scaling, DenseLayer& layer) {
  for (Index row = 0; row < layer.weights.rows(); ++row) {
    const double factor = scaling.by->factor[row];
    layer.weights.row(row) = (layer.weights.row(row).cast<double>() * factor).cast<float>();
    layer.bias[row] =
        static_cast<float>(double{layer.bias[row]} * factor + scaling.by->offset[row]);
  }
}

/// The steps of a chain, one after the other, as they become a model.
class Folder {
 public:
  Folder(Index inputs, std::vector<std::string>& notes) : size_(inputs), notes_(notes) {}

  void take(const Operation& at) {
    if (softmax_) refuse(at, "it follows a softmax, which has to be the last");
    std::visit([&](const auto& what) { take(at, what); }, at.what);
  }

  Model finish() {
    if (model_.layers.empty()) {
      throw std::invalid_argument("there is no dense layer between its input and its output");
    }
    if (scaling_.by) {
      if (last().activation == Activation::identity) {
        fold_behind(scaling_, last());
        note("into the last layer");
      } else {
        model_.outputs.factor = scaling_.by->factor.cast<float>();
        model_.outputs.offset = scaling_.by->offset.cast<float>();
        note("into the scale and offset of the outputs");
      }
    }
    return std::move(model_);
  }

 private:
  DenseLayer& last() { return std::get<DenseLayer>(model_.layers.back()); }

  void note(std::string_view where) {
    notes_.push_back(fmt::format("{} went {}", scaling_.places, where));
    scaling_ = {};
  }

  void take(const Operation& at, const DenseOperation& dense) {
    if (dense.weights.cols() != size_ || dense.bias.size() != dense.weights.rows()) {
      refuse(at, fmt::format("its weights are [{}, {}] with {} biases, for {} values",
                             dense.weights.rows(), dense.weights.cols(), dense.bias.size(), size_));
    }
    DenseLayer layer{dense.weights, dense.bias};
    if (scaling_.by && model_.layers.empty() && input_activation_ == Activation::identity) {
      take_inputs();
    } else if (scaling_.by) {
      fold_before(scaling_, layer);
      note(fmt::format("into layer {}", model_.layers.size()));
    }
    model_.layers.emplace_back(std::move(layer));
    size_ = dense.weights.rows();
  }

  /// What was scaled in front is the inputs' offset and factor: (x - offset) * factor. Of a factor
  /// of 0 only a constant is left, which no offset can be.
  void take_inputs() {
    const Row& factor = scaling_.by->factor;
    if ((factor.array() == 0).any()) {
      throw std::invalid_argument(fmt::format(
          "{}: an input is multiplied by 0; leave that input out of the model", scaling_.places));
    }
    model_.inputs.factor = factor.cast<float>();
    // 0 / factor may be -0, and 0 - -0 is 0.
    model_.inputs.offset = (-scaling_.by->offset.cwiseQuotient(factor)).cast<float>();
    note("into the scale and offset of the inputs");
  }

  void take(const Operation& at, const ElementwiseOperation& elementwise) {
    scaling_.add(at, elementwise, size_);
    // What is only added behind a layer that has no bias is its bias: nothing to speak of.
    if (model_.layers.empty() || last().activation != Activation::identity) return;
    if (last().bias.isZero(0) && (scaling_.by->factor.array() == 1).all()) {
      last().bias = scaling_.by->offset.transpose().cast<float>();
      scaling_ = {};
    }
  }

  void take(const Operation& at, const ActivationOperation& what) {
    if (what.activation == Activation::identity) return;
    if (model_.layers.empty()) {
      if (input_activation_ != Activation::identity) refuse(at, "the inputs have one before");
      if (scaling_.by) take_inputs();
      model_.inputs.activation = input_activation_ = what.activation;
      return;
    }
    if (scaling_.by && last().activation == Activation::identity) {
      fold_behind(scaling_, last());
      note(fmt::format("into layer {}", model_.layers.size() - 1));
    }
    if (last().activation == Activation::identity) {
      last().activation = what.activation;
    } else if (scaling_.by || !is_repeated(what.activation)) {
      refuse(at, fmt::format("it follows {}, with no dense layer between them",
                             text(last().activation)));
    }
  }

  /// True if the activation changes nothing of what the same one gave.
  bool is_repeated(Activation activation) {
    return activation == last().activation &&
           (activation == Activation::relu || activation == Activation::relu6);
  }

  void take(const Operation& at, const SoftmaxOperation& softmax) {
    if (model_.layers.empty()) refuse(at, "it comes before every dense layer");
    if (size_ == 1) refuse(at, "it has one value, whose softmax is always 1");
    softmax_ = true;
    model_.outputs.meaning =
        softmax.logarithm ? Meaning::log_probabilities : Meaning::probabilities;
  }

  Index size_;
  std::vector<std::string>& notes_;
  Model model_;
  Scaling scaling_;
  Activation input_activation_ = Activation::identity;
  bool softmax_ = false;
};

void add_scaling(const RowVector& factor, const RowVector& offset, std::string place,
                 std::vector<Operation>& chain) {
  const Index size = std::max(factor.size(), offset.size());
  if (size == 0) return;
  chain.push_back(
      {std::move(place),
       ElementwiseOperation{factor.size() == 0 ? Row::Ones(size).eval() : factor.cast<double>(),
                            offset.size() == 0 ? Row::Zero(size).eval() : offset.cast<double>()}});
}

}  // namespace

Model fold(Index inputs, const std::vector<Operation>& chain, std::vector<std::string>& notes) {
  Folder folder(inputs, notes);
  for (const Operation& operation : chain) folder.take(operation);
  return folder.finish();
}

std::vector<Operation> unfold(const Model& model) {
  std::vector<Operation> chain;
  if (model.inputs.offset.size() != 0) {
    const Row offset = -model.inputs.offset.cast<double>();
    chain.push_back({"input_offset", ElementwiseOperation{Row::Ones(offset.size()), offset}});
  }
  add_scaling(model.inputs.factor, {}, "input_factor", chain);
  if (model.inputs.activation != Activation::identity) {
    chain.push_back({"input_activation", ActivationOperation{model.inputs.activation}});
  }
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const auto& layer = std::get<DenseLayer>(model.layers[i]);
    const std::string name = fmt::format("layer{}", i);
    chain.push_back({name, DenseOperation{layer.weights, layer.bias}});
    if (layer.activation == Activation::identity) continue;
    chain.push_back({name + "_activation", ActivationOperation{layer.activation}});
  }
  add_scaling(model.outputs.factor, model.outputs.offset, "output_scaling", chain);
  if (model.outputs.meaning == Meaning::probabilities ||
      model.outputs.meaning == Meaning::log_probabilities) {
    chain.push_back(
        {"softmax", SoftmaxOperation{model.outputs.meaning == Meaning::log_probabilities}});
  }
  return chain;
}

}  // namespace pare::nn
