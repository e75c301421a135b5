#pragma once

#include <string>
#include <vector>

#include "nn/csv_table.h"

namespace pare::nn {

/// Notes on columns of `table`, a training set, that are odd though they are read as they are told:
/// constant ones, ones that count the rows, and ones that alone tell the class.
std::vector<std::string> note_odd_columns(const CsvFile& file, const CsvTable& table);

/// Notes on classes whose names differ in case alone.
std::vector<std::string> note_similar_classes(const std::vector<std::string>& classes);

}  // namespace pare::nn
