#pragma once

#include <string>
#include <vector>

#include "nn/dataset.h"

namespace pare::nn {

/// Lines of a file that belong together.
struct Recording {
  std::string label;
  std::string group;  ///< or empty: it is its own
  std::string file;
  std::vector<std::size_t> lines;  ///< of each row
  std::vector<float> values;       ///< row after row, each of all features
};

/// How samples are cut from recordings, in lines.
struct WindowOptions {
  Index window = 1;  ///< of a sample
  Index stride = 1;  ///< from one window to the next
};

/// The windows of recordings of these `features` as one classification: a sample holds the lines of
/// its window, one after the other. The group of each is that of its recording. `notes` gets what
/// is left out: recordings that are too short, and lines at their ends. Throws std::runtime_error
/// if no recording is long enough.
Dataset gather_windows(const std::vector<Recording>& recordings,
                       const std::vector<std::string>& features, const WindowOptions& options,
                       std::vector<std::string>& notes);

}  // namespace pare::nn
