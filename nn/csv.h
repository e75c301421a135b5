#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nn/csv_file.h"
#include "nn/dataset.h"

namespace pare::nn {

/// What the columns of CSV files are for.
struct CsvColumns {
  std::string target = "-1";  ///< to predict: its title, or its number from 0; -1 is the last
  Task task = Task::classification;
};

/// A training and a test set.
struct CsvSets {
  Dataset train;
  Dataset test;
  std::vector<std::string> notes;  ///< what the reader must know of how the files were read
};

/// Reads two CSV files of numbers, one sample a row: a target, all other columns are features.
/// Where both files have titles, the columns of `test` are those of `train` by title, in any order;
/// else by place. For classification the targets are whole numbers, and the classes those that
/// `train` has, in rising order; targets become one-hot. Throws std::runtime_error that names the
/// file, and the line where there is one: as CsvFile does, on a cell that is no finite number, on
/// columns that one file lacks, on a target that there is not, on a label that is no whole number,
/// and on one that only `test` has.
CsvSets load_csv(const std::filesystem::path& train, const std::filesystem::path& test,
                 const CsvColumns& columns, CsvFormat format = {});

}  // namespace pare::nn
