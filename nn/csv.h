#pragma once

#include <filesystem>
#include <string>

#include "nn/dataset.h"

namespace pare::nn {

/// Reads a CSV file of numbers: one sample a line, commas between the cells; a first line with a
/// cell that is no number is the header. `target` names the column to predict, by its title or by
/// its number from 0 (-1 is the last); all others are features. For classification its values are
/// the classes 0, 1, 2, ...; targets become one-hot. Throws std::runtime_error with file and line
/// on a missing file, a line of another length, a cell that is no finite number, an unknown column,
/// or a label that is no class. Source of the format: RFC 4180, without quoted cells.
Dataset load_csv(const std::filesystem::path& path, const std::string& target, Task task);

}  // namespace pare::nn
