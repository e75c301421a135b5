#include "nn/windows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "nn/csv_encoding.h"
#include "nn/ends.h"

namespace pare::nn {
namespace {

/// Where a window begins.
struct Place {
  const Recording& recording;
  Index line;
};

/// All windows; says what none of them holds.
std::vector<Place> find_places(const std::vector<Recording>& recordings,
                               const WindowOptions& options, std::vector<std::string>& notes) {
  constexpr std::size_t kShown = 3;
  std::vector<Place> places;
  std::size_t short_ones = 0;
  Index unused = 0;  // lines
  for (const Recording& recording : recordings) {
    const auto lines = static_cast<Index>(recording.lines.size());
    if (lines < options.window) {
      if (++short_ones > kShown) continue;
      notes.push_back(fmt::format(
          "{}:{}: the recording up to line {} is left out: {} lines, fewer than "
          "the window of {}",
          recording.file, recording.lines.front(), recording.lines.back(), lines, options.window));
      continue;
    }
    const Index more = (lines - options.window) / options.stride;
    for (Index i = 0; i <= more; ++i) places.push_back({recording, i * options.stride});
    unused += lines - options.window - more * options.stride;
  }
  if (short_ones > kShown) {
    notes.push_back(fmt::format("{} more recordings are too short for the window, and left out",
                                short_ones - kShown));
  }
  if (unused > 0) {
    notes.push_back(fmt::format("{} lines at the ends of recordings do not fill a window", unused));
  }
  if (places.empty()) {
    throw std::runtime_error(
        fmt::format("no recording has {} lines, which window in [data] asks for", options.window));
  }
  return places;
}

}  // namespace

Dataset gather_windows(const std::vector<Recording>& recordings,
                       const std::vector<std::string>& features, const WindowOptions& options,
                       std::vector<std::string>& notes) {
  const std::vector<Place> places = find_places(recordings, options, notes);
  std::set<std::string, bool (*)(const std::string&, const std::string&)> labels(label_goes_before);
  for (const Place& place : places) labels.insert(place.recording.label);
  Dataset data;
  data.task = Task::classification;
  data.class_names.assign(labels.begin(), labels.end());
  const auto width = static_cast<Index>(features.size());
  data.inputs.resize(static_cast<Index>(places.size()), options.window * width);
  std::vector<Index> classes;
  std::map<std::string, Index> groups;
  for (const auto& [recording, line] : places) {
    const auto sample = static_cast<Index>(classes.size());
    const float* const from = recording.values.data() + line * width;
    std::copy(from, from + data.inputs.cols(), data.inputs.row(sample).data());
    classes.push_back(std::distance(labels.begin(), labels.find(recording.label)));
    const std::string group = recording.group.empty()
                                  ? fmt::format("{}:{}", recording.file, recording.lines[0])
                                  : recording.group;
    data.groups.push_back(
        groups.try_emplace(group, static_cast<Index>(groups.size())).first->second);
  }
  data.targets = one_hot(classes, static_cast<Index>(labels.size()));
  for (Index line = 0; line < options.window; ++line) {
    for (const std::string& feature : features) {
      data.feature_names.push_back(fmt::format("{}[{}]", feature, line));
    }
  }
  return data;
}

}  // namespace pare::nn
