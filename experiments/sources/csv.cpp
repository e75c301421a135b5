#include "nn/csv.h"

#include <fmt/format.h>

#include <utility>

#include "experiments/sources/source.h"

namespace pare::experiments {
namespace {

struct CsvSource {
  std::string train;
  std::string test;
  nn::CsvColumns columns;
  nn::CsvFormat format;
  nn::Index validation_samples = 0;  ///< taken from the training set at random
};

nn::Split load(const CsvSource& source, std::uint64_t seed) {
  nn::CsvSets sets = nn::load_csv(source.train, source.test, source.columns, source.format);
  nn::Split data = split_off(sets.train, std::move(sets.test), source.validation_samples, seed);
  data.notes = std::move(sets.notes);
  return data;
}

DataSource read(compress::Options& options, const SourceContext& context) {
  CsvSource source;
  const auto read_path = [&](std::string_view name) {
    std::string file = options.file(name, "", "a CSV file, or gzipped",
                                    [&](const auto& given) { return context.finder.find(given); });
    if (file.empty()) options.fail(name, fmt::format("[data] needs {} = \"FILE.csv\"", name));
    return file;
  };
  source.train = read_path("train");
  source.test = read_path("test");
  source.columns.target =
      options.text("target", "-1", "column to predict: its title, or its number");
  source.columns.task = options.choice<nn::Task>(
      "task", {{"classification", nn::Task::classification}, {"regression", nn::Task::regression}},
      "what the target is");
  source.format.delimiter = options.choice<char>(
      "delimiter", {{"detect", '\0'}, {"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}},
      "between the cells; where it is no comma, a comma is a decimal point");
  source.format.header = options.choice<nn::CsvHeader>(
      "header",
      {{"detect", nn::CsvHeader::detect}, {"yes", nn::CsvHeader::yes}, {"no", nn::CsvHeader::no}},
      "whether the first row is titles");
  source.validation_samples = options.integer("validation_samples", 100, {1, kMostSamples},
                                              "taken from the training set at random");
  return {{source.train, source.test}, [source](std::uint64_t seed) { return load(source, seed); }};
}

}  // namespace

extern const SourceKind kCsvSource;
const SourceKind kCsvSource{"csv", read};

}  // namespace pare::experiments
