#include "experiments/model_source.h"

#include <fmt/format.h>

#include <optional>
#include <stdexcept>

#include "nn/activation.h"

namespace pare::experiments {
namespace {

nn::Activation read_activation(compress::Options& options) {
  std::vector<std::string_view> names;
  for (const auto function : nn::activation_functions()) names.push_back(function().info.name);
  nn::Activation activation =
      *nn::find_activation(options.word("activation", names, "of the hidden layers", "relu"));
  if (activation.function().info.alpha) {
    activation.alpha = static_cast<float>(options.number(
        "alpha", double{activation.alpha}, {0, 100},
        "the activation's parameter: its slope below 0, or its least value, negated"));
  }
  return activation;
}

std::shared_ptr<const nn::ReadModel> read_file(const std::string& path, compress::Options& options,
                                               nn::Activation activation) {
  const nn::ReadOptions read{
      .output = options.text("output", "", "of a file with several outputs, the one to take"),
      .layers = options.texts("layers", "of a file of bare tensors, their names in order"),
      .activation = activation};
  try {
    return std::make_shared<const nn::ReadModel>(nn::read_model(path, read));
  } catch (const std::runtime_error& error) {
    options.fail("file", error.what());
  }
}

}  // namespace

std::shared_ptr<const nn::Model> model_of(const ModelSource& source) {
  if (!source.file) return nullptr;
  return {source.file, &source.file->model};
}

ModelSource read_model_source(compress::Options& options, FileFinder& finder) {
  ModelSource source;
  const std::optional<std::string> file =
      options.optional_file("file", "a trained model to start from, instead of `hidden`",
                            [&](const auto& given) { return finder.find(given); });
  source.activation = read_activation(options);
  if (file) {
    source.file = read_file(*file, options, source.activation);
  } else {
    const auto hidden = options.integers("hidden", {16, 16}, 1, {1, 65535}, "hidden widths");
    source.hidden.assign(hidden.begin(), hidden.end());
  }
  options.expect_empty();
  return source;
}

}  // namespace pare::experiments
