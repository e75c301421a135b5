#include "nn/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "nn/elementary.h"
#include "nn/ends.h"
#include "nn/forward.h"
#include "nn/quantization.h"
#include "nn/random.h"
#include "nn/target_scaling.h"

namespace pare::nn {
namespace {

float sine(const SineOptions& o, double x) {
  return static_cast<float>(o.amplitude * elementary::sin(o.angular_frequency * x + o.phase));
}

Dataset random_sine(const SineOptions& options, Index samples, Random& random) {
  Dataset data{Matrix(samples, 1), Matrix(samples, 1), Task::regression, {}};
  for (Index i = 0; i < samples; ++i) {
    const auto x = static_cast<float>(random.uniform(options.low, options.high));
    data.inputs(i, 0) = x;
    data.targets(i, 0) =
        sine(options, double{x}) + static_cast<float>(options.noise * random.normal());
  }
  return data;
}

Dataset even_sine(const SineOptions& options, Index samples) {
  Dataset data{Matrix(samples, 1), Matrix(samples, 1), Task::regression, {}};
  const double step = (options.high - options.low) / static_cast<double>(samples - 1);
  for (Index i = 0; i < samples; ++i) {
    const auto x = static_cast<float>(options.low + step * static_cast<double>(i));
    data.inputs(i, 0) = x;
    data.targets(i, 0) = sine(options, double{x});
  }
  return data;
}

/// Whether the columns of `values` [samples, columns] share one int8 step without much loss.
bool share_a_step(const Matrix& values) {
  constexpr float kLeastShare = 0.25F;  // of the 255 steps, for each column
  const float low = std::min(0.0F, values.minCoeff());
  const float high = std::max(0.0F, values.maxCoeff());
  for (Index k = 0; k < values.cols(); ++k) {
    const float range = values.col(k).maxCoeff() - values.col(k).minCoeff();
    if (range > 0 && range < kLeastShare * (high - low)) return false;
  }
  return true;
}

}  // namespace

std::shared_ptr<const Dataset> between_ends(const Dataset& data, const Model& model) {
  const bool binary = data.task == Task::classification && is_binary(model);
  if (is_identity(model.inputs) && is_identity(model.outputs) && !binary) {
    return {std::shared_ptr<const Dataset>(), &data};
  }
  auto seen = std::make_shared<Dataset>(data);
  seen->inputs = seen_inputs(model.inputs, std::move(seen->inputs));
  if (binary) {
    seen->targets = data.targets.col(1);  // the probability of the second class
    seen->task = Task::regression;
  } else if (data.task == Task::regression) {
    seen->targets = given_outputs(model.outputs, std::move(seen->targets));
  }
  return seen;
}

Inputs fit_inputs(const Dataset& data) {
  Inputs ends;
  if (data.image.height > 0 || share_a_step(data.inputs)) return ends;
  ends.offset = RowVector(data.inputs.cols());
  ends.factor = RowVector::Ones(data.inputs.cols());
  for (Index k = 0; k < data.inputs.cols(); ++k) {
    const double low = double{data.inputs.col(k).minCoeff()};
    const double high = double{data.inputs.col(k).maxCoeff()};
    ends.offset[k] = static_cast<float>((low + high) / 2);
    const auto factor = static_cast<float>(2 / (high - low));
    if (high > low && std::isfinite(factor)) ends.factor[k] = factor;
  }
  return ends;
}

Outputs fit_outputs(const Dataset& data) {
  Outputs ends;
  if (data.task == Task::classification) {
    ends.meaning = Meaning::logits;
    return ends;
  }
  if (share_a_step(data.targets)) return ends;
  const TargetScaling scaling = fit_target_scaling(data);
  ends.factor = scaling.factor;
  ends.offset = scaling.offset;
  return ends;
}

std::string feature_name(const Dataset& data, Index feature) {
  const auto place = static_cast<std::size_t>(feature);
  return data.feature_names.empty() ? fmt::format("feature {}", feature)
                                    : fmt::format("feature '{}'", data.feature_names[place]);
}

Split make_sine(const SineOptions& options, std::uint64_t seed) {
  Random train(seed, Stream::sine_training);
  Random validation(seed, Stream::sine_validation);
  return {random_sine(options, options.train_samples, train),
          random_sine(options, options.validation_samples, validation),
          even_sine(options, options.test_samples)};
}

Dataset make_answers(const Model& model, Index samples, double low, double high, Random random) {
  if (arithmetic(model) == Arithmetic::int8) {
    low = double{dequantize(-128, input_quantization(model))};
    high = double{dequantize(127, input_quantization(model))};
  }
  Dataset data;
  data.inputs.resize(samples, input_count(model));
  for (float& value : data.inputs.reshaped<Eigen::RowMajor>()) {
    value = static_cast<float>(random.uniform(low, high));
  }
  if (model.inputs.factor.size() != 0) {
    data.inputs.array().rowwise() /= model.inputs.factor.array();
  }
  if (model.inputs.offset.size() != 0) data.inputs.rowwise() += model.inputs.offset;
  data.feature_names = model.inputs.names;
  data.targets = forward(model, data.inputs);
  if (is_classifier(model)) {
    data.task = Task::classification;
    data.class_names = class_names(model);
    data.targets = one_hot(predicted_classes(model, data.targets),
                           static_cast<Index>(data.class_names.size()));
  }
  return data;
}

}  // namespace pare::nn
