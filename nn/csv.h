#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nn/csv_file.h"
#include "nn/dataset.h"

namespace pare::nn {

/// What becomes of a row with a missing value: an empty cell, NA, NaN, null or ?.
enum class Missing : std::uint8_t {
  error,
  refuse,  ///< an error too, where a config has no say in it
  drop,    ///< the row is left out
  mean     ///< the feature's mean over the training rows; of a category a value of its own
};

/// What becomes of a category's value that no training row has.
enum class Unseen : std::uint8_t { error, zeros };

/// What the columns of CSV files are for. A column is named by its title, "" included, or by its
/// number from 0, -1 being the last; * and ? in a name stand for any text and any character.
struct CsvColumns {
  std::vector<std::string> targets = {};  ///< to predict; none: the last column
  Task task = Task::classification;
  std::vector<std::string> features = {};  ///< none: all that are nothing else
  std::vector<std::string> ignore = {};    ///< neither features nor targets
  std::vector<std::string> categories =
      {};                  ///< features of text: an input for each value (one-hot)
  std::string group = {};  ///< rows of one value stay in one part of a split; empty: none
  Missing missing = Missing::error;
  Unseen unseen = Unseen::error;
};

/// A training and a test set.
struct CsvSets {
  Dataset train;
  Dataset test;
  std::vector<std::string> notes;  ///< what the reader must know of how the files were read
};

/// Reads CSV files, one sample a row. Where `test` is empty a `test_fraction` of `train` becomes
/// the test set, always the same one: the same share of each class, and equal rows in one part.
/// Where both files have titles, the columns of `test` are those of `train` by title, in any order;
/// else by place. Classes are whole numbers or texts, in rising order, numbers first; 0 and 0.0
/// are one. The training rows alone decide on classes, categories and means. Throws
/// std::runtime_error that names the file, and the line where there is one: as CsvFile does, and on
/// a cell that is not what its column is for, on a column that is not there, and on a label or a
/// category that only the test set has.
CsvSets load_csv(const std::filesystem::path& train, const std::filesystem::path& test,
                 const CsvColumns& columns, CsvFormat format = {}, double test_fraction = 0.2);

}  // namespace pare::nn
