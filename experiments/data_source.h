#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "compress/options.h"
#include "experiments/file_finder.h"
#include "nn/csv.h"

namespace pare::experiments {

/// MNIST-like IDX files; the defaults are Debian's dataset-fashion-mnist.
struct IdxSource {
  std::string train_images = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz";
  std::string train_labels = "/usr/share/datasets/fashion-mnist/train-labels-idx1-ubyte.gz";
  std::string test_images = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz";
  std::string test_labels = "/usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz";
  nn::Index pool = 1;                ///< pixels averaged into one, each way
  nn::Index validation_samples = 0;  ///< taken from the training set at random
};

/// CSV files of numbers.
struct CsvSource {
  std::string train;
  std::string test;
  nn::CsvColumns columns;
  nn::CsvFormat format;
  nn::Index validation_samples = 0;  ///< taken from the training set at random
};

/// Random inputs for a model that is there; what it gives for them is what is right.
struct RandomSource {
  std::shared_ptr<const nn::Model> model;
  double low = -1;  ///< of what the model's first layer sees; an int8 model's own range otherwise
  double high = 1;
  nn::Index train_samples = 1000;
  nn::Index test_samples = 1000;
};

/// What [data] of a config says.
using DataSource = std::variant<nn::SineOptions, IdxSource, CsvSource, RandomSource>;

/// Reads [data], whose files `finder` finds. Where [model] is a file's, `model` is that, and data is
/// random inputs by default; else it is null. Throws std::invalid_argument with the place of what is
/// wrong.
DataSource read_data_source(compress::Options& options, FileFinder& finder,
                            std::shared_ptr<const nn::Model> model = {});

/// The files that the data comes from.
std::vector<std::string> data_files(const DataSource& source);

/// The data, split. `seed` fixes what is random in it. Throws std::runtime_error on files that are
/// missing or damaged, std::invalid_argument on ones that do not belong together.
nn::Split load_data(const DataSource& source, std::uint64_t seed);

}  // namespace pare::experiments
