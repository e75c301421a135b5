#pragma once

#include <string>
#include <variant>
#include <vector>

#include "compress/options.h"
#include "nn/dataset.h"

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
  std::string target;  ///< column to predict: its title, or its number
  nn::Task task = nn::Task::classification;
  nn::Index validation_samples = 0;  ///< taken from the training set at random
};

/// What [data] of a config says.
using DataSource = std::variant<nn::SineOptions, IdxSource, CsvSource>;

/// Reads [data]. Throws std::invalid_argument with the place of what is wrong.
DataSource read_data_source(compress::Options& options);

/// The files that the data comes from.
std::vector<std::string> data_files(const DataSource& source);

/// The data, split. `seed` fixes what is random in it. Throws std::runtime_error on files that are
/// missing or damaged, std::invalid_argument on ones that do not belong together.
nn::Split load_data(const DataSource& source, std::uint64_t seed);

}  // namespace pare::experiments
