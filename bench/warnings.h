#pragma once

#include <string>

#include "bench/row.h"
#include "nn/dataset.h"

namespace pare::bench {

/// What the reader of a measured row should know of its model, or nothing: features, or a
/// regression's targets, whose training range is fewer than 8 steps of an int8 model's inputs or
/// outputs; and an accuracy on `test` that is no better than the best constant answer of `train`.
/// The pixels of images share a unit, so dark ones are no fault.
std::string find_warnings(const nn::Model& model, const nn::Dataset& train, const nn::Dataset& test,
                          const Row& row);

}  // namespace pare::bench
