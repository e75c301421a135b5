#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/model.h"
#include "nn/random.h"

namespace pare::nn {

/// What a dataset's targets are, and so which loss and which accuracy fit it.
enum class Task : std::uint8_t { regression, classification };

/// Height and width in pixels; 0 where the inputs are no images.
struct ImageShape {
  Index height = 0;
  Index width = 0;
};

/// Inputs and what should come out.
struct Dataset {
  Matrix inputs;   ///< [samples, features], in the user's own units
  Matrix targets;  ///< [samples, outputs]; for classification the probabilities, mostly one-hot
  Task task = Task::regression;
  ImageShape image;                             ///< features are its pixels, row by row
  std::vector<std::string> feature_names = {};  ///< one a feature, or none
  std::vector<std::string> class_names = {};    ///< one an output, or none: class k is called k
  /// One a sample, or none: samples of one group stay in one part of a split.
  std::vector<Index> groups = {};
};

/// The data between a model's ends: what its first layer sees, and for a regression what its last
/// one should give. Where they change nothing it is `data` itself, which must outlive it.
std::shared_ptr<const Dataset> between_ends(const Dataset& data, const Model& model);

/// Ends under which every feature and every target of `data` has a step of its own in int8: each
/// feature's [min, max] becomes [-1, 1], each target of a regression gets mean 0 and standard
/// deviation 1. Where one step serves all, as for the pixels of images, or for features that each
/// span a quarter of a common range that holds 0, the ends change nothing: then the scaling is
/// part of the first or last layer, and costs nothing on the board.
Inputs fit_inputs(const Dataset& data);
Outputs fit_outputs(const Dataset& data);

/// What a feature is called in messages: "feature 'humidity'", or "feature 3", counted from 0.
std::string feature_name(const Dataset& data, Index feature);

/// The three parts that never mix: passes see the first two, only the last measurement the third.
struct Split {
  Dataset train;
  Dataset validation;
  Dataset test;
  /// What the reader must know of how the data was read; mostly nothing.
  std::vector<std::string> notes = {};
};

/// A noisy sine, y = amplitude * sin(angular_frequency * x + phase) + noise.
struct SineOptions {
  double amplitude = 1;
  double angular_frequency = 1;  ///< radians per unit of x
  double phase = 0;              ///< radians
  double noise = 0;  ///< standard deviation of the training and validation targets' noise
  double low = 0;    ///< range of x, low < high
  double high = 6.283185307179586;
  Index train_samples = 600;
  Index validation_samples = 200;
  Index test_samples = 1000;  ///< at least 2
};

/// Training and validation inputs are uniformly random; the test set is the evenly spaced,
/// noise-free sine from `low` to `high`, both included.
Split make_sine(const SineOptions& options, std::uint64_t seed);

/// Random inputs for a model, uniform in [low, high] as its first layer sees them, an int8 model's
/// in all of its range; the targets are what it gives for them, of a classifier the class.
Dataset make_answers(const Model& model, Index samples, double low, double high, Random random);

}  // namespace pare::nn
