#pragma once

#include <filesystem>
#include <string>

#include "nn/dataset.h"

namespace pare::nn {

/// The four files of an MNIST-like set; the defaults are Debian's dataset-fashion-mnist.
struct IdxFiles {
  std::string train_images = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz";
  std::string train_labels = "/usr/share/datasets/fashion-mnist/train-labels-idx1-ubyte.gz";
  std::string test_images = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz";
  std::string test_labels = "/usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz";
};

/// Images and labels of an MNIST-like pair of IDX files, gzipped or not: inputs [samples, rows *
/// columns] in [0, 1] (a byte over 255), targets one-hot [samples, classes]. `classes` 0 takes the
/// largest label plus one. Throws std::runtime_error, naming the file and what is wrong with it, if
/// one cannot be read, is truncated or of another type, or if the two do not belong together.
/// Source: Y. LeCun, "The MNIST database of handwritten digits", section "File formats".
Dataset load_idx(const std::filesystem::path& images, const std::filesystem::path& labels,
                 Index classes = 0);

/// Each image averaged over `factor` x `factor` pixels; its height and width must be multiples.
/// Throws std::invalid_argument where they are not.
Dataset pool_images(const Dataset& data, Index factor);

}  // namespace pare::nn
