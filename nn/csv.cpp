#include "nn/csv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <unordered_map>

#include "nn/csv_table.h"
#include "nn/partition.h"
#include "nn/text_file.h"

namespace pare::nn {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostClasses = 1000;
constexpr std::size_t kMostCategoryValues = 64;

using Rows = std::vector<Index>;

std::optional<float> as_number(const std::string& text) {
  char* end = nullptr;
  const float value = std::strtof(text.c_str(), &end);
  return end == text.c_str() || *end != '\0' ? std::nullopt : std::optional(value);
}

/// Numbers first, in rising order, then texts.
bool goes_before(const std::string& a, const std::string& b) {
  const std::optional<float> first = as_number(a);
  const std::optional<float> second = as_number(b);
  if (first && second) return *first < *second;
  if (first || second) return first.has_value();
  return a < b;
}

/// The distinct texts of a column in `rows`, sorted.
std::vector<std::string> values_of(const CsvColumn& column, const Rows& rows) {
  std::vector<bool> seen(column.texts.size());
  for (const Index row : rows) {
    seen[static_cast<std::size_t>(column.codes[static_cast<std::size_t>(row)])] = true;
  }
  std::vector<std::string> values;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i]) values.push_back(column.texts[i]);
  }
  std::sort(values.begin(), values.end(), goes_before);
  return values;
}

/// The place among `values` of each text of a column, or -1.
std::vector<Index> places_of(const CsvColumn& column, const std::vector<std::string>& values) {
  std::vector<Index> places;
  for (const std::string& text : column.texts) {
    const auto found = std::find(values.begin(), values.end(), text);
    places.push_back(found == values.end() ? -1 : found - values.begin());
  }
  return places;
}

float mean_of(const CsvColumn& column, const Rows& rows) {
  double sum = 0;
  double count = 0;
  for (const Index row : rows) {
    const float value = column.numbers[static_cast<std::size_t>(row)];
    if (std::isnan(value)) continue;
    sum += double{value};
    count += 1;
  }
  return static_cast<float>(sum / std::max(1.0, count));
}

/// What the training rows say of how a table becomes numbers.
struct Encoding {
  std::vector<std::vector<std::string>> categories;  ///< of each feature that is one: its values
  std::vector<float> means;                          ///< of each feature that is a number
  std::vector<std::string> classes;                  ///< of a classification
  std::vector<std::string> feature_names;            ///< of each input, or none
};

std::vector<std::string> find_classes(const CsvFile& file, const CsvColumn& target,
                                      const Rows& rows) {
  std::vector<std::string> classes = values_of(target, rows);
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

Encoding fit_encoding(const CsvFile& file, const CsvTable& table, const Rows& rows) {
  Encoding encoding;
  const bool named = !file.titles().empty();
  for (const CsvColumn& feature : table.features) {
    const std::string key = column_key(file, feature.place.column);
    const bool category = feature.place.use == CsvUse::category;
    encoding.categories.push_back(category ? values_of(feature, rows) : std::vector<std::string>());
    encoding.means.push_back(category ? 0 : mean_of(feature, rows));
    const std::vector<std::string>& values = encoding.categories.back();
    if (values.size() > kMostCategoryValues) {
      refuse_file(file.path(),
                  fmt::format("{} has {} values; a category has at most {}, an input each",
                              feature.name, values.size(), kMostCategoryValues));
    }
    for (const std::string& value : values) {
      encoding.feature_names.push_back(fmt::format("{}={}", key, value));
    }
    if (!category) encoding.feature_names.push_back(key);
  }
  const bool any_category =
      std::any_of(encoding.categories.begin(), encoding.categories.end(),
                  [](const std::vector<std::string>& values) { return !values.empty(); });
  if (!named && !any_category) encoding.feature_names.clear();
  if (table.targets[0].place.use == CsvUse::label) {
    encoding.classes = find_classes(file, table.targets[0], rows);
  }
  return encoding;
}

/// Makes numbers of rows of a table.
class Encoder {
 public:
  Encoder(const CsvFile& file, const CsvTable& table, const Encoding& encoding,
          const CsvFile& train_file, Unseen unseen)
      : file_(file), table_(table), encoding_(encoding), train_(train_file), unseen_(unseen) {}

  Dataset encode(const Rows& rows, Task task) {
    Dataset data{inputs(rows), targets(rows), task, {}};
    data.feature_names = encoding_.feature_names;
    data.class_names = encoding_.classes;
    return data;
  }

  /// The rows with a value that no training row has.
  std::vector<std::string> notes() const {
    std::vector<std::string> notes;
    for (const auto& [name, lines] : unseen_lines_) {
      notes.push_back(
          fmt::format("{}: {} has values that are in no training row, in {}: all its "
                      "inputs are 0 there",
                      file_.path().string(), name, lines));
    }
    return notes;
  }

 private:
  Matrix inputs(const Rows& rows) {
    Index width = 0;
    for (const std::vector<std::string>& values : encoding_.categories) {
      width += values.empty() ? 1 : static_cast<Index>(values.size());
    }
    Matrix inputs = Matrix::Zero(static_cast<Index>(rows.size()), width);
    Index at = 0;
    for (std::size_t k = 0; k < table_.features.size(); ++k) {
      const std::vector<std::string>& values = encoding_.categories[k];
      if (values.empty()) {
        put_numbers(k, rows, inputs.col(at++));
      } else {
        put_category(k, rows, inputs.middleCols(at, static_cast<Index>(values.size())));
        at += static_cast<Index>(values.size());
      }
    }
    return inputs;
  }

  void put_numbers(std::size_t feature, const Rows& rows, Matrix::ColXpr to) const {
    const std::vector<float>& numbers = table_.features[feature].numbers;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const float value = numbers[static_cast<std::size_t>(rows[i])];
      to[static_cast<Index>(i)] = std::isnan(value) ? encoding_.means[feature] : value;
    }
  }

  void put_category(std::size_t feature, const Rows& rows, MatrixRef to) {
    const CsvColumn& column = table_.features[feature];
    const std::vector<std::string>& values = encoding_.categories[feature];
    const std::vector<Index> places = places_of(column, values);
    std::string lines;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto code = static_cast<std::size_t>(column.codes[static_cast<std::size_t>(rows[i])]);
      if (places[code] >= 0) {
        to(static_cast<Index>(i), places[code]) = 1;
        continue;
      }
      const std::size_t line = table_.lines[static_cast<std::size_t>(rows[i])];
      if (unseen_ == Unseen::error) {
        file_.fail(line, fmt::format("{}: '{}' is in no training row of {}, whose values are {}; "
                                     "unseen = \"zeros\" in [data] makes all inputs of it 0",
                                     column.name, column.texts[code], train_.path().string(),
                                     fmt::join(values, ", ")));
      }
      lines += fmt::format("{}{}", lines.empty() ? "line " : ", ", line);
    }
    if (!lines.empty()) unseen_lines_.emplace_back(column.name, lines);
  }

  Matrix targets(const Rows& rows) const {
    const auto samples = static_cast<Index>(rows.size());
    if (!encoding_.classes.empty()) return labels(rows);
    Matrix targets(samples, static_cast<Index>(table_.targets.size()));
    for (std::size_t k = 0; k < table_.targets.size(); ++k) {
      for (Index i = 0; i < samples; ++i) {
        targets(i, static_cast<Index>(k)) =
            table_.targets[k].numbers[static_cast<std::size_t>(rows[static_cast<std::size_t>(i)])];
      }
    }
    return targets;
  }

  Matrix labels(const Rows& rows) const {
    const CsvColumn& column = table_.targets[0];
    const std::vector<Index> places = places_of(column, encoding_.classes);
    Matrix targets =
        Matrix::Zero(static_cast<Index>(rows.size()), static_cast<Index>(encoding_.classes.size()));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto code = static_cast<std::size_t>(column.codes[static_cast<std::size_t>(rows[i])]);
      if (places[code] < 0) {
        file_.fail(
            table_.lines[static_cast<std::size_t>(rows[i])],
            fmt::format("label {} is of no sample of {}, whose labels are {}", column.texts[code],
                        train_.path().string(), fmt::join(encoding_.classes, ", ")));
      }
      targets(static_cast<Index>(i), places[code]) = 1;
    }
    return targets;
  }

  const CsvFile& file_;
  const CsvTable& table_;
  const Encoding& encoding_;
  const CsvFile& train_;
  Unseen unseen_;
  std::vector<std::pair<std::string, std::string>> unseen_lines_;
};

Rows all_rows(Index count) {
  Rows rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), Index{0});
  return rows;
}

/// The bits of what a column holds in a row.
std::uint32_t bits_at(const CsvColumn& column, std::size_t row) {
  return column.codes.empty() ? std::bit_cast<std::uint32_t>(column.numbers[row])
                              : static_cast<std::uint32_t>(column.codes[row]);
}

/// Compares rows of a table by what features and targets hold.
class RowComparison {
 public:
  explicit RowComparison(const CsvTable& table) {
    for (const auto* part : {&table.features, &table.targets}) {
      for (const CsvColumn& column : *part) columns_.push_back(&column);
    }
  }

  /// FNV-1a over the values. Source: Fowler, Noll, Vo, draft-eastlake-fnv, section 2.
  std::uint64_t hash(std::size_t row) const {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const CsvColumn* column : columns_) hash = (hash ^ bits_at(*column, row)) * 0x100000001b3;
    return hash;
  }

  bool equal(std::size_t a, std::size_t b) const {
    return std::all_of(columns_.begin(), columns_.end(), [&](const CsvColumn* column) {
      return bits_at(*column, a) == bits_at(*column, b);
    });
  }

 private:
  std::vector<const CsvColumn*> columns_;
};

/// A number for each row, the same for rows whose columns all hold the same, in rising order.
std::vector<Index> equal_rows(const CsvTable& table) {
  const RowComparison rows(table);
  std::unordered_multimap<std::uint64_t, std::size_t> firsts;  // the first of equal rows, by hash
  firsts.reserve(table.lines.size());
  std::vector<Index> group_of(table.lines.size());
  Index groups = 0;
  for (std::size_t row = 0; row < group_of.size(); ++row) {
    const std::uint64_t hash = rows.hash(row);
    const auto [begin, end] = firsts.equal_range(hash);
    const auto same =
        std::find_if(begin, end, [&](const auto& first) { return rows.equal(first.second, row); });
    group_of[row] = same == end ? groups++ : group_of[same->second];
    if (same == end) firsts.emplace(hash, row);
  }
  return group_of;
}

/// What a split of the table's rows must keep together: those of one group, or equal ones.
std::vector<Index> groups_of(const CsvFile& file, CsvTable& table) {
  if (!table.group.empty()) {
    const std::vector<std::int32_t>& codes = table.group[0].codes;
    return {codes.begin(), codes.end()};
  }
  std::vector<Index> groups = equal_rows(table);
  const Index distinct = 1 + *std::max_element(groups.begin(), groups.end());
  if (distinct == table.rows()) return {};
  table.notes.push_back(
      fmt::format("{}: {} of {} rows repeat an earlier one; equal rows stay in "
                  "one part of a split",
                  file.path().string(), table.rows() - distinct, table.rows()));
  return groups;
}

/// The groups of the samples that `rows` are, numbered anew.
std::vector<Index> groups_in(const std::vector<Index>& groups, const Rows& rows) {
  std::vector<Index> of_rows;
  if (groups.empty()) return of_rows;
  for (const Index row : rows) of_rows.push_back(groups[static_cast<std::size_t>(row)]);
  return of_rows;
}

/// Whether each value of a feature goes with one class alone, of few values.
bool tells_the_class(const CsvColumn& feature, const CsvColumn& target) {
  constexpr std::size_t kMostValues = 20;
  std::map<float, std::int32_t> class_of;
  for (std::size_t i = 0; i < feature.numbers.size(); ++i) {
    const auto [found, added] = class_of.emplace(feature.numbers[i], target.codes[i]);
    if (found->second != target.codes[i] || class_of.size() > kMostValues) return false;
  }
  return class_of.size() > 1 && class_of.size() * 2 <= feature.numbers.size();
}

bool is_constant(const std::vector<float>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [&](float x) { return x == numbers[0]; });
}

bool counts_rows(const std::vector<float>& numbers) {
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    if (numbers[i] != numbers[i - 1] + 1) return false;
  }
  return true;
}

/// What is odd about columns that are read as they are told.
void note_odd_columns(const CsvFile& file, CsvTable& table) {
  const auto note = [&](const CsvColumn& column, const std::string& what) {
    table.notes.push_back(fmt::format("{}: {} {}; ignore = [{}] in [data] leaves it out",
                                      file.path().string(), column.name, what,
                                      quoted_key(file, column.place.column)));
  };
  constexpr Index kFewest = 10;  // of rows, from which more than chance can be seen
  if (table.rows() < kFewest) return;
  for (const CsvColumn& feature : table.features) {
    if (feature.numbers.empty()) continue;
    if (is_constant(feature.numbers)) {
      note(feature, fmt::format("is {} in every row", feature.numbers[0]));
    } else if (counts_rows(feature.numbers)) {
      note(feature, "counts the rows");
    } else if (table.targets[0].place.use == CsvUse::label &&
               tells_the_class(feature, table.targets[0])) {
      note(feature, "alone tells the class in every row");
    }
  }
}

std::string in_lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

void note_similar_classes(const std::vector<std::string>& classes,
                          std::vector<std::string>& notes) {
  for (std::size_t i = 0; i < classes.size(); ++i) {
    for (std::size_t k = i + 1; k < classes.size(); ++k) {
      if (in_lower_case(classes[i]) != in_lower_case(classes[k])) continue;
      notes.push_back(fmt::format("classes '{}' and '{}' differ in case alone, and are two classes",
                                  classes[i], classes[k]));
    }
  }
}

void note_target(const CsvFile& file, const CsvPlaces& places, const CsvColumns& columns,
                 std::vector<std::string>& notes) {
  if (!columns.targets.empty()) return;
  notes.push_back(fmt::format("{}: no target is named in [data]: it is the last column, {}",
                              file.path().string(), file.column_name(places.targets[0].column)));
}

void note_classes_without_test(const CsvSets& sets, std::vector<std::string>& notes) {
  std::vector<std::string_view> missing;
  for (Index k = 0; k < sets.test.targets.cols() && !sets.test.class_names.empty(); ++k) {
    if (sets.test.targets.col(k).maxCoeff() > 0) continue;
    missing.push_back(sets.test.class_names[static_cast<std::size_t>(k)]);
  }
  if (missing.empty()) return;
  notes.push_back(fmt::format("the test set has no sample of {} {}",
                              missing.size() == 1 ? "class" : "classes", fmt::join(missing, ", ")));
}

void append(std::vector<std::string>& to, const std::vector<std::string>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// The rows of the test part of a single file.
Rows choose_test(const CsvFile& file, const CsvTable& table, const std::vector<Index>& groups,
                 double fraction) {
  if (table.rows() < 3) {
    refuse_file(file.path(),
                fmt::format("it holds {} samples, too few to split off a test set", table.rows()));
  }
  Strata strata{{}, groups};
  const CsvColumn& target = table.targets[0];
  strata.classes.assign(target.codes.begin(), target.codes.end());
  try {
    return choose_part(table.rows(), strata, fraction, Random(0, Stream::test_split));
  } catch (const std::invalid_argument& error) {
    refuse_file(file.path(), error.what());
  }
}

}  // namespace

CsvSets load_csv(const fs::path& train, const fs::path& test, const CsvColumns& columns,
                 CsvFormat format, double test_fraction) {
  const CsvFile train_file(train, format);
  const CsvPlaces places = find_places(train_file, columns);
  CsvTable train_table = read_table(train_file, places, columns.missing);
  const std::vector<Index> groups = groups_of(train_file, train_table);
  note_odd_columns(train_file, train_table);

  std::optional<CsvFile> test_file;
  std::optional<CsvTable> test_table;
  Rows train_rows = all_rows(train_table.rows());
  Rows test_rows;
  if (test.empty()) {
    test_rows = choose_test(train_file, train_table, groups, test_fraction);
    train_rows = rest_of(train_table.rows(), test_rows);
    train_table.notes.push_back(fmt::format("{}: {} of {} rows are the test set", train.string(),
                                            test_rows.size(), train_table.rows()));
  } else {
    test_file.emplace(test, format);
    test_table =
        read_table(*test_file, match_places(train_file, places, *test_file), columns.missing);
    test_rows = all_rows(test_table->rows());
  }
  const CsvFile& of_test = test_file ? *test_file : train_file;
  const Encoding encoding = fit_encoding(train_file, train_table, train_rows);
  Encoder train_encoder(train_file, train_table, encoding, train_file, columns.unseen);
  Encoder test_encoder(of_test, test_table ? *test_table : train_table, encoding, train_file,
                       columns.unseen);
  CsvSets sets{train_encoder.encode(train_rows, columns.task),
               test_encoder.encode(test_rows, columns.task),
               {}};
  sets.train.groups = groups_in(groups, train_rows);

  if (!train_file.note().empty()) sets.notes.push_back(train_file.note());
  if (test_file && !test_file->note().empty()) sets.notes.push_back(test_file->note());
  if (test_file && train_file.titles().empty() != test_file->titles().empty()) {
    const bool in_train = !train_file.titles().empty();
    sets.notes.push_back(
        fmt::format("{} has titles and {} has none: their columns are matched by place",
                    (in_train ? train : test).string(), (in_train ? test : train).string()));
  }
  note_target(train_file, places, columns, sets.notes);
  append(sets.notes, train_table.notes);
  if (test_table) append(sets.notes, test_table->notes);
  append(sets.notes, test_encoder.notes());
  note_similar_classes(encoding.classes, sets.notes);
  note_classes_without_test(sets, sets.notes);
  return sets;
}

}  // namespace pare::nn
