#include "nn/csv.h"

#include <fmt/format.h>

#include <utility>

#include "experiments/sources/source.h"

namespace pare::experiments {
namespace {

struct CsvSource {
  std::string train;
  std::string test;  ///< or empty: a part of `train`
  double test_fraction = 0.2;
  nn::CsvColumns columns;
  nn::CsvFormat format;
  nn::Index validation_samples = 0;
};

nn::Split load(const CsvSource& source, std::uint64_t seed) {
  nn::CsvSets sets =
      nn::load_csv(source.train, source.test, source.columns, source.format, source.test_fraction);
  nn::Split data =
      split_by_class(sets.train, std::move(sets.test), source.validation_samples, seed);
  data.notes = std::move(sets.notes);
  return data;
}

void read_columns(compress::Options& options, nn::CsvColumns& columns) {
  columns.targets = options.texts(
      "target", "columns to predict, by title or number from 0; none is the last one");
  columns.task = options.choice<nn::Task>(
      "task", {{"classification", nn::Task::classification}, {"regression", nn::Task::regression}},
      "what the target is");
  columns.features = options.texts("features", "columns to predict from; none is all others");
  columns.ignore = options.texts(
      "ignore", "columns that are no features; * and ? stand for any text and letter");
  columns.categories =
      options.texts("categories", "features of text, with an input for each value (one-hot)");
  columns.group =
      options.text("group", "", "column whose equal values stay in one part of a split");
  columns.missing = options.choice<nn::Missing>(
      "missing",
      {{"error", nn::Missing::error}, {"drop", nn::Missing::drop}, {"mean", nn::Missing::mean}},
      "what becomes of a row with an empty cell, NA or ?");
  columns.unseen = options.choice<nn::Unseen>(
      "unseen", {{"error", nn::Unseen::error}, {"zeros", nn::Unseen::zeros}},
      "what becomes of a category's value that no training row has");
}

DataSource read(compress::Options& options, const SourceContext& context) {
  CsvSource source;
  const auto find = [&](const auto& given) { return context.finder.find(given); };
  source.train = options.file("train", "", "a CSV file, or gzipped", find);
  if (source.train.empty()) options.fail("train", "[data] needs train = \"FILE.csv\"");
  const std::optional<std::string> test = options.optional_file(
      "test", "a CSV file of the same columns; none is a part of train", find);
  source.test = test.value_or("");
  const std::optional<double> fraction =
      options.optional_number("test_fraction", {0.01, 0.9}, "0.2",
                              "share of train that is the test set, where there is none");
  if (test && fraction) {
    options.fail("test_fraction", "test and test_fraction are both there; keep one of them");
  }
  source.test_fraction = fraction.value_or(source.test_fraction);
  read_columns(options, source.columns);
  source.format.delimiter = options.choice<char>(
      "delimiter", {{"detect", '\0'}, {"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}},
      "between the cells; where it is no comma, a comma is a decimal point");
  source.format.header = options.choice<nn::CsvHeader>(
      "header",
      {{"detect", nn::CsvHeader::detect}, {"yes", nn::CsvHeader::yes}, {"no", nn::CsvHeader::no}},
      "whether the first row is titles");
  source.validation_samples =
      options.integer("validation_samples", 0, {0, kMostSamples},
                      "taken from the training set, by class; 0 is a fifth, at most 10,000");
  DataSource data{{source.train}, [source](std::uint64_t seed) { return load(source, seed); }};
  if (test) data.files.push_back(*test);
  return data;
}

}  // namespace

extern const SourceKind kCsvSource;
const SourceKind kCsvSource{"csv", read, "train = \"/dev/null\""};

}  // namespace pare::experiments
