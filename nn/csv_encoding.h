#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nn/csv_table.h"
#include "nn/loss.h"

namespace pare::nn {

/// The most values of a category, each of which becomes an input.
constexpr std::size_t kMostCategoryValues = 64;

/// What the training rows say of how a table becomes numbers.
struct Encoding {
  std::vector<std::vector<std::string>> categories;  ///< of each feature that is one: its values
  std::vector<float> means;                          ///< of each feature that is a number
  std::vector<std::string> classes;                  ///< of a classification
  std::vector<std::string> feature_names;            ///< of each input, or none
};

/// The order of classes and of a category's values: numbers first, in rising order, then texts.
bool label_goes_before(const std::string& a, const std::string& b);

/// What `rows` of a table, the training rows, say. Throws std::runtime_error that names the file on
/// too many classes or values of a category, and on a single class.
Encoding fit_encoding(const CsvFile& file, const CsvTable& table, const std::vector<Index>& rows);

/// Makes numbers of rows of a table.
class Encoder {
 public:
  /// `train` is the file of the training rows, for messages.
  Encoder(const CsvFile& file, const CsvTable& table, const Encoding& encoding,
          const CsvFile& train, Unseen unseen);

  /// Throws std::runtime_error, with file and line, on a label or a value that no training row has.
  Dataset encode(const std::vector<Index>& rows, Task task);

  /// What was done about values that no training row has.
  std::vector<std::string> notes() const;

 private:
  Matrix inputs(const std::vector<Index>& rows);
  void put_numbers(std::size_t feature, const std::vector<Index>& rows, Matrix::ColXpr to) const;
  void put_category(std::size_t feature, const std::vector<Index>& rows, MatrixRef to);
  Matrix targets(const std::vector<Index>& rows) const;
  Matrix labels(const std::vector<Index>& rows) const;

  const CsvFile& file_;
  const CsvTable& table_;
  const Encoding& encoding_;
  const CsvFile& train_;
  Unseen unseen_;
  std::vector<std::pair<std::string, std::string>> unseen_lines_;
};

}  // namespace pare::nn
