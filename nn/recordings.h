#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nn/csv_file.h"
#include "nn/dataset.h"

namespace pare::nn {

/// Where the class of a recording stands.
enum class LabelFrom : std::uint8_t {
  file,    ///< the file's name without its ending
  folder,  ///< the name of the file's folder
  name,    ///< `pattern` over the path
  column   ///< `target`: a stream, in which a recording ends where the label changes
};

/// How recordings become samples: each window of lines is one, all its lines one after the other.
struct RecordingOptions {
  std::vector<std::string> files;
  std::string root = {};  ///< folder that all files are below
  LabelFrom label_from = LabelFrom::file;
  /// A NamePattern over the path below `root`, which begins with a slash, with the groups
  /// (?<label>...) and, where recordings of one subject must stay together, (?<group>...).
  std::string pattern = {};
  std::string target = {};                 ///< column of the label, by title or number
  std::vector<std::string> features = {};  ///< columns; none: all numbers but times
  std::vector<std::string> ignore = {};
  Index length = 0;  ///< lines of each recording where nothing separates them; 0: something does
  Index window = 1;  ///< lines of a sample
  Index stride = 1;  ///< lines from one window to the next
  CsvFormat format = {};
};

/// The lines of each recording of a file, as far as something separates them.
std::vector<std::size_t> recording_lengths(const CsvFile& file);

/// All windows of the files as one classification, with the recording or the pattern's group of
/// each as its group. Recordings are separated by the end of a file, blank lines, rows of empty
/// cells or dashes, the header again, a change of label, or every `length` lines; no window crosses
/// such a border. What is too short for a window is left out. `notes` gets what the reader must
/// know: what was left out, and gaps and jitter of a column of times. Throws std::runtime_error
/// that names file and line on what cannot be read.
Dataset load_recordings(const RecordingOptions& options, std::vector<std::string>& notes);

}  // namespace pare::nn
