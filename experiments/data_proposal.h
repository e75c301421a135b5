#pragma once

#include <string>
#include <vector>

#include "nn/csv.h"
#include "nn/csv_survey.h"

namespace pare::experiments {

/// What [data] of a config may say of a table, with the reason for each choice.
struct DataProposal {
  struct Choice {
    std::string key;  ///< a column's
    std::string reason;
  };

  Choice target;
  nn::Task task = nn::Task::classification;
  std::string task_reason;
  std::vector<Choice> ignore;
  std::vector<Choice> categories;
  Choice group;    ///< or an empty key
  Choice missing;  ///< "drop", "mean" or empty
  Choice unseen;   ///< "zeros" or empty
  std::size_t features = 0;
  bool series = false;  ///< nothing but times is left: the target's own past may tell
};

/// Looks at a table and guesses, from titles and cells. `named` is the target that is named, or
/// empty. Throws std::invalid_argument where it finds none, or nothing to
/// predict it from, and std::runtime_error on a name without a column.
DataProposal propose_data(const nn::CsvFile& file, const std::string& named);

}  // namespace pare::experiments
