#pragma once

#include <memory>
#include <vector>

#include "compress/options.h"
#include "experiments/file_finder.h"
#include "nn/dataset.h"
#include "nn/formats/format.h"

namespace pare::experiments {

/// What [model] of a config says: a new model's shape, or the file of one that is there.
struct ModelSource {
  std::vector<nn::Index> hidden;  ///< of a new model
  nn::Activation activation = nn::Activation::relu;
  std::shared_ptr<const nn::ReadModel> file = {};  ///< of one that is there, which has been read
};

/// The model of the file, or null.
std::shared_ptr<const nn::Model> model_of(const ModelSource& source);

/// Reads [model], whose file `finder` finds. Throws std::invalid_argument with the place of what is
/// wrong, also where the file is no model.
ModelSource read_model_source(compress::Options& options, FileFinder& finder);

/// Puts the features and the classes of all parts into the order in which the model of a file has
/// them, by their names; where one has no names, or none that the other knows, they are taken as
/// they come. Throws std::invalid_argument, naming it, on a class that the model does not have.
void match_to_model(nn::Split& data, const nn::Model& model);

}  // namespace pare::experiments
