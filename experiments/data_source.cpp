#include "experiments/data_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "nn/idx.h"
#include "nn/random.h"

namespace pare::experiments {
namespace {

using compress::Options;

enum class Kind : std::uint8_t { sine, idx, csv, random };

constexpr double kMax = 1e30;
constexpr double kMostSamples = 1e8;

nn::SineOptions read_sine(Options& options) {
  nn::SineOptions sine;
  sine.amplitude = options.number("amplitude", sine.amplitude, {-kMax, kMax}, "of the sine");
  sine.angular_frequency = options.number("angular_frequency", sine.angular_frequency,
                                          {-kMax, kMax}, "radians per unit of x");
  sine.phase = options.number("phase", sine.phase, {-kMax, kMax}, "radians");
  sine.noise = options.number("noise", sine.noise, {0, kMax},
                              "standard deviation of the training targets' noise");
  const compress::Range range =
      options.interval("range", {sine.low, sine.high}, {-kMax, kMax}, "of x");
  sine.low = range.low;
  sine.high = range.high;
  sine.train_samples = options.integer("train_samples", sine.train_samples, {1, kMostSamples},
                                       "random in the range");
  sine.validation_samples = options.integer("validation_samples", sine.validation_samples,
                                            {1, kMostSamples}, "random in the range");
  sine.test_samples = options.integer("test_samples", sine.test_samples, {2, kMostSamples},
                                      "evenly spaced, noise-free");
  return sine;
}

IdxSource read_idx(Options& options, FileFinder& finder) {
  IdxSource source;
  const auto read = [&](std::string_view name, std::string& file) {
    file = options.file(name, file, "an IDX file, or gzipped",
                        [&](const auto& given) { return finder.find(given); });
  };
  read("train_images", source.train_images);
  read("train_labels", source.train_labels);
  read("test_images", source.test_images);
  read("test_labels", source.test_labels);
  source.pool = options.integer("pool", 1, {1, 1000}, "pixels averaged into one, each way");
  source.validation_samples = options.integer("validation_samples", 5000, {1, kMostSamples},
                                              "taken from the training set at random");
  return source;
}

CsvSource read_csv(Options& options, FileFinder& finder) {
  CsvSource source;
  const auto read = [&](std::string_view name) {
    std::string file = options.file(name, "", "a CSV file, or gzipped",
                                    [&](const auto& given) { return finder.find(given); });
    if (file.empty()) options.fail(name, fmt::format("[data] needs {} = \"FILE.csv\"", name));
    return file;
  };
  source.train = read("train");
  source.test = read("test");
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
  return source;
}

RandomSource read_random(Options& options, std::shared_ptr<const nn::Model> model) {
  if (!model) options.fail("source", "source = \"random\" needs a model: [model] file = \"FILE\"");
  RandomSource source{std::move(model)};
  const compress::Range range = options.interval(
      "range", {source.low, source.high}, {-kMax, kMax},
      "of the random inputs, as the first layer sees them; an int8 model's is its own");
  source.low = range.low;
  source.high = range.high;
  source.train_samples =
      options.integer("train_samples", source.train_samples, {2, kMostSamples}, "for calibration");
  source.test_samples = options.integer("test_samples", source.test_samples, {2, kMostSamples},
                                        "for the comparison with the model itself");
  return source;
}

nn::Dataset rows_of(const nn::Dataset& data, const std::vector<nn::Index>& rows) {
  return {data.inputs(rows, Eigen::all),
          data.targets(rows, Eigen::all),
          data.task,
          data.image,
          data.feature_names,
          data.class_names};
}

/// Splits `count` random samples off the training set for validation.
nn::Split split(const nn::Dataset& train, nn::Dataset test, nn::Index count, std::uint64_t seed) {
  if (count >= train.inputs.rows()) {
    throw std::invalid_argument(
        fmt::format("validation_samples = {} leaves nothing of {} training samples", count,
                    train.inputs.rows()));
  }
  if (train.inputs.cols() != test.inputs.cols() || train.targets.cols() < test.targets.cols()) {
    throw std::invalid_argument(fmt::format(
        "the test set has {} features and {} targets, the training set {} and {}",
        test.inputs.cols(), test.targets.cols(), train.inputs.cols(), train.targets.cols()));
  }
  test.targets.conservativeResizeLike(
      nn::Matrix::Zero(test.targets.rows(), train.targets.cols()));  // classes it has none of
  std::vector<nn::Index> order =
      nn::Random(seed, nn::Stream::validation_split).permutation(train.inputs.rows());
  const auto cut = order.begin() + count;
  return {rows_of(train, {cut, order.end()}), rows_of(train, {order.begin(), cut}),
          std::move(test)};
}

std::vector<std::string> files(const nn::SineOptions& /*source*/) { return {}; }

std::vector<std::string> files(const IdxSource& source) {
  return {source.train_images, source.train_labels, source.test_images, source.test_labels};
}

std::vector<std::string> files(const CsvSource& source) { return {source.train, source.test}; }

std::vector<std::string> files(const RandomSource& /*source*/) { return {}; }

nn::Split load(const nn::SineOptions& source, std::uint64_t seed) {
  return nn::make_sine(source, seed);
}

nn::Split load(const IdxSource& source, std::uint64_t seed) {
  const nn::Dataset train = nn::load_idx(source.train_images, source.train_labels);
  const nn::Dataset test =
      nn::load_idx(source.test_images, source.test_labels, train.targets.cols());
  if (source.pool == 1) return split(train, test, source.validation_samples, seed);
  return split(nn::pool_images(train, source.pool), nn::pool_images(test, source.pool),
               source.validation_samples, seed);
}

nn::Split load(const CsvSource& source, std::uint64_t seed) {
  nn::CsvSets sets = nn::load_csv(source.train, source.test, source.columns, source.format);
  nn::Split data = split(sets.train, std::move(sets.test), source.validation_samples, seed);
  data.notes = std::move(sets.notes);
  return data;
}

nn::Split load(const RandomSource& source, std::uint64_t seed) {
  const auto part = [&](std::uint64_t of_seed, nn::Index samples, std::uint64_t index) {
    return nn::make_answers(*source.model, samples, source.low, source.high,
                            nn::Random(of_seed, nn::Stream::random_inputs, index));
  };
  return {part(seed, source.train_samples, 0),
          part(seed, std::max<nn::Index>(2, source.train_samples / 5), 1),
          part(0, source.test_samples, 2)};  // the same with every seed
}

}  // namespace

DataSource read_data_source(Options& options, FileFinder& finder,
                            std::shared_ptr<const nn::Model> model) {
  const Kind kind = options.choice<Kind>(
      "source",
      {{"sine", Kind::sine}, {"idx", Kind::idx}, {"csv", Kind::csv}, {"random", Kind::random}},
      "where the data comes from", model ? Kind::random : Kind::sine);
  DataSource source;
  if (kind == Kind::idx) {
    source = read_idx(options, finder);
  } else if (kind == Kind::csv) {
    source = read_csv(options, finder);
  } else if (kind == Kind::random) {
    source = read_random(options, std::move(model));
  } else {
    source = read_sine(options);
  }
  options.expect_empty();
  return source;
}

std::vector<std::string> data_files(const DataSource& source) {
  return std::visit([](const auto& from) { return files(from); }, source);
}

nn::Split load_data(const DataSource& source, std::uint64_t seed) {
  return std::visit([seed](const auto& from) { return load(from, seed); }, source);
}

}  // namespace pare::experiments
