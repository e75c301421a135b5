#include "nn/csv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "nn/text_file.h"

namespace pare::nn {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostClasses = 1000;
constexpr float kMostLabel = 1 << 24;  // float32 holds every whole number up to it

/// Where a file has what a sample is made of.
struct Places {
  std::vector<std::size_t> features;
  std::size_t target;
};

std::size_t find_target(const CsvFile& file, const std::string& target) {
  const auto titled = std::find(file.titles().begin(), file.titles().end(), target);
  if (titled != file.titles().end()) {
    return static_cast<std::size_t>(titled - file.titles().begin());
  }
  const auto columns = static_cast<Index>(file.columns());
  Index index = columns;
  const char* const end = target.data() + target.size();
  const auto [stop, error] = std::from_chars(target.data(), end, index);
  if (error == std::errc() && stop == end && index >= -columns && index < columns) {
    return static_cast<std::size_t>(index < 0 ? index + columns : index);
  }
  refuse_file(
      file.path(),
      file.titles().empty()
          ? fmt::format("no column '{}'; it has {} columns and no header", target, columns)
          : fmt::format("no column '{}'; it has: {}", target, fmt::join(file.titles(), ", ")));
}

Places find_places(const CsvFile& file, const std::string& target) {
  if (file.rows() == 0) refuse_file(file.path(), "it holds no samples");
  if (file.columns() < 2) {
    refuse_file(
        file.path(),
        "it has one column; expected features and a target, between which there are commas, "
        "semicolons or tabs");
  }
  Places places{{}, find_target(file, target)};
  for (std::size_t i = 0; i < file.columns(); ++i) {
    if (i != places.target) places.features.push_back(i);
  }
  return places;
}

/// Titles of `from` that `in` does not have.
std::vector<std::string> missing_titles(const CsvFile& from, const CsvFile& in) {
  std::vector<std::string> missing;
  for (const std::string& title : from.titles()) {
    if (std::find(in.titles().begin(), in.titles().end(), title) == in.titles().end()) {
      missing.push_back(fmt::format("'{}'", title));
    }
  }
  return missing;
}

void check_same_titles(const CsvFile& train, const CsvFile& test) {
  const auto missing = missing_titles(train, test);
  const auto unknown = missing_titles(test, train);
  if (missing.empty() && unknown.empty()) return;
  const auto list = [](const char* what, const std::vector<std::string>& titles) {
    return titles.empty() ? "" : fmt::format("; {} {}", what, fmt::join(titles, ", "));
  };
  refuse_file(test.path(), fmt::format("its columns are not those of {}{}{}", train.path().string(),
                                       list("it lacks", missing), list("only it has", unknown)));
}

/// `places` of the training file, in the test file.
Places match_places(const CsvFile& train, const Places& places, const CsvFile& test) {
  if (test.rows() == 0) refuse_file(test.path(), "it holds no samples");
  if (train.titles().empty() || test.titles().empty()) {
    if (train.columns() == test.columns()) return places;
    refuse_file(test.path(), fmt::format("it has {} columns, {} has {}", test.columns(),
                                         train.path().string(), train.columns()));
  }
  check_same_titles(train, test);
  const auto match = [&](std::size_t column) {
    const auto found =
        std::find(test.titles().begin(), test.titles().end(), train.titles()[column]);
    return static_cast<std::size_t>(found - test.titles().begin());
  };
  Places matched{{}, match(places.target)};
  for (const std::size_t column : places.features) matched.features.push_back(match(column));
  return matched;
}

/// The numbers of a file's samples, with the line of each.
struct Samples {
  Matrix inputs;
  Vector targets;
  std::vector<std::size_t> lines;
};

Samples read_samples(const CsvFile& file, const Places& places) {
  const auto rows = static_cast<Index>(file.rows());
  Samples samples{Matrix(rows, static_cast<Index>(places.features.size())), Vector(rows), {}};
  samples.lines.reserve(file.rows());
  Index sample = 0;
  file.for_each_row([&](const CsvRow& row) {
    float* to = samples.inputs.row(sample).data();
    for (const std::size_t column : places.features) *to++ = file.expect_number(row, column);
    samples.targets[sample] = file.expect_number(row, places.target);
    samples.lines.push_back(row.line);
    ++sample;
  });
  return samples;
}

void check_labels(const CsvFile& file, const Samples& samples) {
  for (Index i = 0; i < samples.targets.size(); ++i) {
    const float label = samples.targets[i];
    if (label == std::round(label) && std::abs(label) <= kMostLabel) continue;
    file.fail(samples.lines[static_cast<std::size_t>(i)],
              fmt::format("{} is not a class; expected a whole number (task = \"regression\" "
                          "predicts any number)",
                          label));
  }
}

/// The distinct labels, in rising order.
std::vector<float> find_classes(const CsvFile& file, const Samples& samples) {
  check_labels(file, samples);
  std::vector<float> classes(samples.targets.begin(), samples.targets.end());
  std::sort(classes.begin(), classes.end());
  classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  if (classes.size() > kMostClasses) {
    refuse_file(file.path(),
                fmt::format("the target has {} values; expected at most {} classes, or task "
                            "= \"regression\"",
                            classes.size(), kMostClasses));
  }
  if (classes.size() == 1) {
    refuse_file(
        file.path(),
        fmt::format("every sample is of class {}; expected at least two classes", classes[0]));
  }
  return classes;
}

/// [samples, classes]; the labels must be among the classes, which `train` gave.
Matrix one_hot(const CsvFile& file, const Samples& samples, const std::vector<float>& classes,
               const fs::path& train) {
  Matrix targets = Matrix::Zero(samples.targets.size(), static_cast<Index>(classes.size()));
  for (Index i = 0; i < targets.rows(); ++i) {
    const float label = samples.targets[i];
    const auto place = std::lower_bound(classes.begin(), classes.end(), label);
    if (place == classes.end() || *place != label) {
      file.fail(samples.lines[static_cast<std::size_t>(i)],
                fmt::format("label {} is of no sample of {}, whose labels are {}", label,
                            train.string(), fmt::join(classes, ", ")));
    }
    targets(i, place - classes.begin()) = 1;
  }
  return targets;
}

std::vector<std::string> feature_names(const CsvFile& file, const Places& places) {
  std::vector<std::string> names;
  if (file.titles().empty()) return names;
  for (const std::size_t column : places.features) names.push_back(file.titles()[column]);
  return names;
}

std::vector<std::string> notes_of(const CsvFile& train, const CsvFile& test) {
  std::vector<std::string> notes;
  for (const CsvFile* file : {&train, &test}) {
    if (!file->note().empty()) notes.push_back(file->note());
  }
  if (train.titles().empty() != test.titles().empty()) {
    const auto& [with, without] =
        train.titles().empty() ? std::pair(&test, &train) : std::pair(&train, &test);
    notes.push_back(fmt::format("{} has titles and {} has none: their columns are matched by place",
                                with->path().string(), without->path().string()));
  }
  return notes;
}

}  // namespace

CsvSets load_csv(const fs::path& train, const fs::path& test, const CsvColumns& columns,
                 CsvFormat format) {
  const CsvFile train_file(train, format);
  const CsvFile test_file(test, format);
  const Places places = find_places(train_file, columns.target);
  const Places test_places = match_places(train_file, places, test_file);
  Samples of_train = read_samples(train_file, places);
  Samples of_test = read_samples(test_file, test_places);
  CsvSets sets{{std::move(of_train.inputs), {}, columns.task, {}},
               {std::move(of_test.inputs), {}, columns.task, {}},
               notes_of(train_file, test_file)};
  if (columns.task == Task::regression) {
    sets.train.targets = of_train.targets;
    sets.test.targets = of_test.targets;
  } else {
    const std::vector<float> classes = find_classes(train_file, of_train);
    sets.train.targets = one_hot(train_file, of_train, classes, train);
    sets.test.targets = one_hot(test_file, of_test, classes, train);
    for (const float label : classes) sets.train.class_names.push_back(fmt::format("{}", label));
  }
  sets.train.feature_names = feature_names(train_file, places);
  sets.test.feature_names = sets.train.feature_names;
  sets.test.class_names = sets.train.class_names;
  return sets;
}

}  // namespace pare::nn
