#include "nn/recordings.h"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <utility>

#include "experiments/sources/source.h"
#include "nn/ends.h"

namespace pare::experiments {
namespace {

namespace fs = std::filesystem;

struct RecordingsSource {
  nn::RecordingOptions recordings;
  double test_fraction = 0.2;
  nn::Index validation_samples = 0;
};

/// Throws unless each class has recordings for both parts of a split.
void check_groups(const nn::Dataset& data, bool by_group) {
  std::vector<std::set<nn::Index>> groups(data.class_names.size());
  const std::vector<nn::Index> labels = nn::right_classes(data.targets);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    groups[static_cast<std::size_t>(labels[i])].insert(data.groups[i]);
  }
  if (groups.size() < 2) {
    throw std::invalid_argument(fmt::format(
        "all recordings are of class {}; expected at least two classes", data.class_names[0]));
  }
  for (std::size_t k = 0; k < groups.size(); ++k) {
    if (groups[k].size() > 2) continue;
    throw std::invalid_argument(fmt::format(
        "class {} has {} {}{}, too few for training, validation and test{}", data.class_names[k],
        groups[k].size(), by_group ? "group" : "recording", groups[k].size() == 1 ? "" : "s",
        by_group ? " without any in two of them"
                 : ": where nothing separates recordings in a file, length = LINES in [data] says "
                   "how long each is"));
  }
}

nn::Split load(const RecordingsSource& source, std::uint64_t seed) {
  std::vector<std::string> notes;
  const nn::Dataset all = nn::load_recordings(source.recordings, notes);
  check_groups(all, source.recordings.pattern.find("?<group>") != std::string::npos);
  const auto test = nn::choose_part(all.inputs.rows(), strata_of(all), source.test_fraction,
                                    nn::Random(0, nn::Stream::test_split));
  notes.push_back(
      fmt::format("{} of {} windows are the test set, of recordings that are in no other "
                  "part",
                  test.size(), all.inputs.rows()));
  nn::Split data = split_by_class(rows_of(all, nn::rest_of(all.inputs.rows(), test)),
                                  rows_of(all, test), source.validation_samples, seed);
  data.notes = std::move(notes);
  return data;
}

/// The folder before the first * or ? of a pattern, or the folder itself.
std::string fixed_folder(const std::string& pattern) {
  if (fs::is_directory(pattern)) return fs::path(pattern).lexically_normal().string();
  return fs::path(pattern.substr(0, pattern.find_first_of("*?["))).parent_path().string();
}

DataSource read(compress::Options& options, const SourceContext& context) {
  RecordingsSource source;
  nn::RecordingOptions& recordings = source.recordings;
  const std::string pattern = options.file(
      "files", "", "CSV files of lines in time, such as data/*.csv, or a folder of them",
      [&](const auto& given) { return context.finder.find(given); });
  if (pattern.empty()) options.fail("files", "[data] needs files = \"FOLDER/*.csv\"");
  recordings.files = matching_files(pattern);
  recordings.root = fixed_folder(pattern);
  if (recordings.files.empty()) {
    options.fail("files", fmt::format("files = \"{}\" matches no file", pattern));
  }
  recordings.pattern = options.text(
      "name", "", "regular expression over the path with (?<label>...), and (?<group>...) or not");
  recordings.target =
      options.text("target", "", "column of the label, where files hold several classes");
  using nn::LabelFrom;
  const LabelFrom usual = !recordings.target.empty()    ? LabelFrom::column
                          : !recordings.pattern.empty() ? LabelFrom::name
                                                        : LabelFrom::file;
  recordings.label_from = options.choice<LabelFrom>("label_from",
                                                    {{"file", LabelFrom::file},
                                                     {"folder", LabelFrom::folder},
                                                     {"name", LabelFrom::name},
                                                     {"column", LabelFrom::column}},
                                                    "where the class stands", usual);
  if (recordings.label_from == LabelFrom::name && recordings.pattern.empty()) {
    options.fail("label_from", "label_from = \"name\" needs name = '(?<label>...)'");
  }
  if (recordings.label_from == LabelFrom::column && recordings.target.empty()) {
    options.fail("label_from", "label_from = \"column\" needs target = \"COLUMN\"");
  }
  if (recordings.label_from != LabelFrom::column && !recordings.target.empty()) {
    options.fail("target",
                 "target is for label_from = \"column\"; ignore = [...] leaves a column out");
  }
  recordings.features = options.texts("features", "columns; none is all numbers but times");
  recordings.ignore = options.texts("ignore", "columns that are no features");
  recordings.length = options.integer(
      "length", 0, {0, 1e6},
      "lines of each recording where nothing separates them; 0: blank lines, files or labels do");
  recordings.window = options.integer("window", 0, {0, 1e6}, "lines of a sample");
  if (recordings.window == 0) options.fail("window", "[data] needs window = LINES of a sample");
  recordings.stride =
      options.integer("stride", 0, {0, 1e6}, "lines from one window to the next; 0 is the window");
  if (recordings.stride == 0) recordings.stride = recordings.window;
  if (recordings.length > 0 && recordings.length < recordings.window) {
    options.fail("window", fmt::format("window = {} is longer than length = {}", recordings.window,
                                       recordings.length));
  }
  source.test_fraction = options.number("test_fraction", 0.2, {0.01, 0.9},
                                        "share of the windows that is the test set");
  source.validation_samples =
      options.integer("validation_samples", 0, {0, kMostSamples},
                      "windows taken from the training set; 0 is a fifth, at most 10,000");
  return {recordings.files, [source](std::uint64_t seed) { return load(source, seed); }};
}

}  // namespace

std::vector<std::string> matching_files(const std::string& pattern) {
  std::vector<std::string> files;
  if (fs::is_directory(pattern)) {
    // Beside .csv files a .txt is a text about them.
    for (const char* ending : {".csv", ".tsv", ".txt"}) {
      if (!files.empty()) break;
      for (const fs::directory_entry& entry : fs::recursive_directory_iterator(pattern)) {
        if (entry.path().extension() == ending) files.push_back(entry.path().string());
      }
    }
  } else {
    glob_t found{};
    if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
      files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    }
    globfree(&found);
  }
  std::sort(files.begin(), files.end());
  return files;
}

extern const SourceKind kRecordingsSource;
const SourceKind kRecordingsSource{"recordings", read, "files = \"/dev/null\"\nwindow = 1"};

}  // namespace pare::experiments
