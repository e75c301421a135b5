#include "experiments/recordings_proposal.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>

#include "nn/csv_columns.h"
#include "nn/csv_survey.h"
#include "nn/name_pattern.h"
#include "nn/recordings.h"
#include "nn/time_column.h"

namespace pare::experiments {
namespace {

namespace fs = std::filesystem;

/// A pattern that finds the subject in names such as walk.s03.r2, S06T20R01 or subject_3.
constexpr const char* kGroupPatterns[] = {"[sS]ubject[._-]?(?<group>\\d+)",
                                          "[uU]ser[._-]?(?<group>\\d+)",
                                          "[./_-][sSpPuU](?<group>\\d+)"};

/// Whether a pattern matches every path, and tells two or more groups apart.
bool tells_groups(const std::string& text, const std::vector<std::string>& paths) {
  const nn::NamePattern pattern(text);
  std::set<std::string> groups;
  for (const std::string& path : paths) {
    const auto group = pattern.find(path, "group");
    if (!group || group->empty()) return false;
    groups.insert(*group);
  }
  return groups.size() > 1;
}

/// The first pattern that does, with `before` and `after` around it; or none.
std::optional<std::string> find_group_pattern(const std::vector<std::string>& paths,
                                              const std::string& before, const std::string& after) {
  for (const char* text : kGroupPatterns) {
    const std::string pattern = fmt::format("{}{}{}", before, text, after);
    if (tells_groups(pattern, paths)) return pattern;
  }
  return std::nullopt;
}

/// How many files have each of what `key` makes of them.
template <class Key>
std::map<std::string, std::size_t> count_files(const std::vector<std::string>& files, Key key) {
  std::map<std::string, std::size_t> counts;
  for (const std::string& file : files) ++counts[key(file)];
  return counts;
}

std::size_t fewest(const std::map<std::string, std::size_t>& counts) {
  return std::min_element(counts.begin(), counts.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->second;
}

std::string shown(const std::map<std::string, std::size_t>& counts) {
  std::vector<std::string> texts;
  for (const auto& [name, count] : counts) texts.push_back(fmt::format("{} {}", name, count));
  return fmt::format("{}", fmt::join(texts, ", "));
}

/// What a file's name begins with: its letters up to the first other character.
std::string first_word(const std::string& file) {
  const std::string stem = fs::path(file).stem().string();
  const auto end = std::find_if(stem.begin(), stem.end(), [](char c) {
    return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
  });
  return {stem.begin(), end};
}

/// `paths` are those below the folder of recordings.
void find_labels(const std::vector<std::string>& paths, RecordingsProposal& proposal) {
  const auto folders = count_files(paths, [](const std::string& path) {
    return fs::path(path).parent_path().filename().string();
  });
  const auto stems =
      count_files(paths, [](const std::string& path) { return fs::path(path).stem().string(); });
  const auto words = count_files(paths, first_word);
  if (folders.size() > 1 && stems.size() > 1 && stems.size() * folders.size() == paths.size() &&
      fewest(stems) == folders.size() && !words.contains("")) {
    proposal.label_from = {"name", fmt::format("the same files in each of {} folders: {}",
                                               folders.size(), shown(stems))};
    proposal.pattern = "/(?<group>[^/]+)/(?<label>[^/]+)[.][a-z]+$";
  } else if (folders.size() > 1) {
    proposal.label_from = {"folder", fmt::format("files in each: {}", shown(folders))};
    proposal.pattern = find_group_pattern(paths, "", "[^/]*$").value_or("");
  } else if (words.size() > 1 && fewest(words) > 1 && !words.contains("")) {
    proposal.label_from = {"name", fmt::format("files of each first word: {}", shown(words))};
    const std::string label = "/(?<label>[a-zA-Z]+)[^/]*";
    proposal.pattern = find_group_pattern(paths, label, "[^/]*$").value_or(label + "$");
  } else {
    proposal.label_from = {"file", "each file's name is a class"};
  }
}

void find_ignored(const nn::CsvFile& file, RecordingsProposal& proposal) {
  for (const nn::ColumnSurvey& column : nn::survey_columns(file)) {
    const std::string title = file.titles().empty() ? "" : column.key;
    if (nn::is_time_column(title, column.values.empty() ? "" : column.values[0].text)) {
      proposal.ignore.push_back({column.key, "times, which are no feature"});
      continue;
    }
    if (column.step == 1.0 && column.whole) {
      proposal.ignore.push_back({column.key, "counts the lines"});
    } else if (column.numbers == 0) {
      proposal.ignore.push_back({column.key, "text"});
    }
  }
}

}  // namespace

RecordingsProposal propose_recordings(const std::vector<std::string>& files,
                                      const std::string& folder, nn::Index length) {
  RecordingsProposal proposal;
  proposal.length = length;
  std::vector<std::string> paths;
  for (const std::string& file : files) {
    paths.push_back("/" + fs::path(file).lexically_relative(folder).string());
  }
  find_labels(paths, proposal);
  find_ignored(nn::CsvFile(files.front()), proposal);
  std::vector<std::size_t> blocks;
  for (const std::string& file : files) {
    const std::vector<std::size_t> of_file = nn::recording_lengths(nn::CsvFile(file));
    if (of_file.empty()) {
      throw std::invalid_argument(fmt::format("{}: it holds no samples, only a header", file));
    }
    if (length == 0 && proposal.label_from.key == "file" && of_file.size() == 1) {
      throw std::invalid_argument(fmt::format(
          "{}: nothing separates the recordings in its {} lines; say how many lines each has: "
          "--length LINES",
          file, of_file[0]));
    }
    blocks.insert(blocks.end(), of_file.begin(), of_file.end());
  }
  if (length > 0) {
    proposal.window = length;
    proposal.window_reason = "a whole recording";
    return proposal;
  }
  // The last block of a file is often cut short: a window that nine of ten recordings fill.
  std::sort(blocks.begin(), blocks.end());
  constexpr std::size_t kMost = 128;
  const std::size_t usual = blocks[blocks.size() / 10];
  proposal.window = static_cast<nn::Index>(std::clamp<std::size_t>(usual, 1, kMost));
  proposal.window_reason =
      fmt::format("lines; recordings have {} to {}", blocks.front(), blocks.back());
  return proposal;
}

}  // namespace pare::experiments
