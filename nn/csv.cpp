#include "nn/csv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>

#include "nn/csv_encoding.h"
#include "nn/csv_notes.h"
#include "nn/partition.h"
#include "nn/text_file.h"

namespace pare::nn {
namespace {

namespace fs = std::filesystem;

using Rows = std::vector<Index>;

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

/// The group of each of `rows`.
std::vector<Index> groups_in(const std::vector<Index>& groups, const Rows& rows) {
  std::vector<Index> of_rows;
  if (groups.empty()) return of_rows;
  for (const Index row : rows) of_rows.push_back(groups[static_cast<std::size_t>(row)]);
  return of_rows;
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

/// A note where rows of a test file are those of the training file, too.
std::vector<std::string> note_shared_rows(const std::string& test, const CsvSets& sets) {
  const auto row_of = [](const Dataset& data, Index row) {
    std::string bytes(reinterpret_cast<const char*>(data.inputs.row(row).data()),
                      sizeof(float) * static_cast<std::size_t>(data.inputs.cols()));
    return bytes.append(reinterpret_cast<const char*>(data.targets.row(row).data()),
                        sizeof(float) * static_cast<std::size_t>(data.targets.cols()));
  };
  std::unordered_set<std::string> of_test;
  for (Index i = 0; i < sets.test.inputs.rows(); ++i) of_test.insert(row_of(sets.test, i));
  std::size_t shared = 0;
  for (Index i = 0; i < sets.train.inputs.rows(); ++i) {
    shared += of_test.erase(row_of(sets.train, i));
  }
  if (shared == 0) return {};
  return {fmt::format("{}: {} of its rows are in the training file too, and are no test of it",
                      test, shared)};
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
  append(train_table.notes, note_odd_columns(train_file, train_table));

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
  if (test_file) append(sets.notes, note_shared_rows(test.string(), sets));
  append(sets.notes, note_similar_classes(encoding.classes));
  note_classes_without_test(sets, sets.notes);
  return sets;
}

}  // namespace pare::nn
