#include "nn/dataset.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "nn/elementary.h"
#include "nn/ends.h"
#include "nn/random.h"

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

}  // namespace

Dataset between_ends(const Dataset& data, const Model& model) {
  Dataset seen = data;
  seen.inputs = seen_inputs(model.inputs, std::move(seen.inputs));
  if (data.task == Task::regression) {
    seen.targets = given_outputs(model.outputs, std::move(seen.targets));
  }
  return seen;
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

}  // namespace pare::nn
