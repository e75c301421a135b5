#pragma once

#include <filesystem>

#include "nn/dataset.h"

namespace pare::nn {

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
