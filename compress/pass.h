#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compress/options.h"
#include "nn/train.h"

namespace pare::compress {

/// How passes train what they have changed, where their options leave it open.
struct Retraining {
  nn::TrainOptions options;  ///< their epochs do not count: each pass has its own
  double teacher = 0;        ///< share of the base model's outputs in the loss, in [0, 1]
  double temperature = 4;    ///< of the softmax with a teacher, for classes, > 0
};

/// What a pass may read besides the model: no test data, so no pass can cheat.
struct Context {
  const nn::Dataset& train;       ///< its inputs also calibrate activation ranges
  const nn::Dataset& validation;  ///< for every choice a pass makes
  nn::TrainOptions training;      ///< how the experiment trains its base model
  std::uint64_t seed = 0;
  /// After each epoch of a pass's training, with its number and loss; may be empty.
  std::function<void(int epoch, double loss)> on_epoch;
  /// The experiment's model before any pass, for a pass that learns from it too; null means the
  /// model that run() is given.
  const nn::Model* base = nullptr;
  std::optional<Retraining> retraining = {};  ///< nothing: as `training`, without a teacher
};

/// Maps one model to a smaller, or better, one.
using Pass = std::function<nn::Model(nn::Model, const Context&)>;

/// What a pass file says of its pass, as `static constexpr PassInfo kInfo`.
struct PassInfo {
  std::string_view summary;
  std::string_view source;                         ///< the paper, with the section
  nn::Arithmetic gives = nn::Arithmetic::float32;  ///< every pass takes a float32 model
};

/// A pass of a config, built and ready.
struct Step {
  std::string name;
  std::string where;  ///< "file:line:column" of the config, or empty
  PassInfo info;
  std::vector<OptionDoc> options;
  std::vector<std::string> resolved;  ///< "option = value" of every option, defaults included
  double epochs = 0;                  ///< of training, as far as its options say
  Pass pass;
};

/// What the registry needs of one pass.
struct PassDefinition {
  PassInfo info;
  Pass pass;
};

/// Builds the pass type `P` from its options; defined in define_pass.h, which only pass files see.
template <class P>
PassDefinition define(Options& options);

/// The pass called `name`. Throws std::invalid_argument, with the place, on an unknown name or
/// option and on a value that is out of its range.
Step make_step(std::string_view name, Options::Values values = {}, const std::string& where = {});

/// All names that make_step knows, sorted.
std::vector<std::string_view> pass_names();

/// Throws std::invalid_argument if a step follows one that leaves a model it cannot take.
void check_order(const std::vector<Step>& steps);

/// What run() gives: the model, and what each step took.
struct Compressed {
  nn::Model model;
  std::vector<double> step_seconds;
};

/// Runs `steps` in order, timing each and checking the model after it. Throws
/// std::invalid_argument, naming the pass at fault.
Compressed run(const std::vector<Step>& steps, const nn::Model& model, const Context& context);

}  // namespace pare::compress
