#include "experiments/model_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
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

/// Where each of `names` is in `among`; nothing if one is not there.
std::optional<std::vector<nn::Index>> places_of(const std::vector<std::string>& names,
                                                const std::vector<std::string>& among) {
  std::vector<nn::Index> places;
  for (const std::string& name : names) {
    const auto found = std::find(among.begin(), among.end(), name);
    if (found == among.end()) return std::nullopt;
    places.push_back(found - among.begin());
  }
  return places;
}

/// Throws if some of a model's inputs are among the features, and others are not.
void check_names(const std::vector<std::string>& inputs, const std::vector<std::string>& features) {
  std::vector<std::string_view> missing;
  for (const std::string& name : inputs) {
    if (std::find(features.begin(), features.end(), name) == features.end()) {
      missing.emplace_back(name);
    }
  }
  if (missing.empty() || missing.size() == inputs.size()) return;
  throw std::invalid_argument(fmt::format("the model takes {}, and the data has no such feature",
                                          fmt::join(missing, ", ")));
}

/// The columns of `targets` [samples, classes] as the model has its classes.
nn::Matrix classes_in_order(const nn::Matrix& targets, const std::vector<nn::Index>& places,
                            std::size_t count) {
  nn::Matrix ordered = nn::Matrix::Zero(targets.rows(), static_cast<nn::Index>(count));
  for (nn::Index k = 0; k < targets.cols(); ++k) {
    ordered.col(places[static_cast<std::size_t>(k)]) = targets.col(k);
  }
  return ordered;
}

}  // namespace

std::shared_ptr<const nn::Model> model_of(const ModelSource& source) {
  if (!source.file) return nullptr;
  return {source.file, &source.file->model};
}

void match_to_model(nn::Split& data, const nn::Model& model) {
  const std::vector<std::string> classes = data.train.class_names;
  const std::vector<std::string>& known = model.outputs.names;
  const bool named = !classes.empty() && !known.empty() && nn::is_classifier(model);
  check_names(model.inputs.names, data.train.feature_names);
  const auto features = places_of(model.inputs.names, data.train.feature_names);
  if (!features && !data.train.feature_names.empty()) {
    data.notes.emplace_back(
        "no feature has the name of an input of the model: they are taken as they "
        "come");
  }
  const auto labels = places_of(classes, known);
  if (named && !labels) {
    for (const std::string& name : classes) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      throw std::invalid_argument(fmt::format("the model has no class '{}'; its classes are {}",
                                              name, fmt::join(known, ", ")));
    }
  }
  for (const std::string& name : data.train.feature_names) {
    const std::vector<std::string>& taken = model.inputs.names;
    if (!features || taken.empty() || std::find(taken.begin(), taken.end(), name) != taken.end()) {
      continue;
    }
    data.notes.push_back(fmt::format("the model does not take '{}', which is left out", name));
  }
  for (nn::Dataset* part : {&data.train, &data.validation, &data.test}) {
    if (features && !features->empty()) {
      part->inputs = part->inputs(Eigen::all, *features).eval();
      part->feature_names = model.inputs.names;
    }
    if (named) {
      part->targets = classes_in_order(part->targets, *labels, known.size());
      part->class_names = known;
    }
  }
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
