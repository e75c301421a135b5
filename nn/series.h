#pragma once

#include <string>
#include <vector>

#include "nn/csv_file.h"
#include "nn/dataset.h"

namespace pare::nn {

/// A table of which each row is the next step in time.
struct SeriesOptions {
  std::string file;
  std::string target = "-1";               ///< column to forecast, by title or number
  std::vector<std::string> features = {};  ///< columns that it is forecast from; none: the target
  Index window = 1;                        ///< rows that are seen
  Index horizon = 1;                       ///< rows from the last that is seen to what is forecast
  CsvFormat format = {};
};

/// The windows of a series as a regression, in the order of time: sample i sees rows i to
/// i + window - 1, the oldest first, and forecasts row i + window - 1 + horizon. `notes` gets gaps
/// of a column of times. Throws std::runtime_error that names file and line on what is no number,
/// and on a series too short for a window.
Dataset load_series(const SeriesOptions& options, std::vector<std::string>& notes);

}  // namespace pare::nn
