#include "nn/series.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "experiments/sources/source.h"

namespace pare::experiments {
namespace {

struct SeriesSource {
  nn::SeriesOptions series;
  double test_fraction = 0.2;
};

std::vector<nn::Index> rows_between(nn::Index from, nn::Index to) {
  std::vector<nn::Index> rows(static_cast<std::size_t>(to - from));
  std::iota(rows.begin(), rows.end(), from);
  return rows;
}

/// Cuts by time: what is tested lies after all that is validated, and that after all training.
nn::Split load(const SeriesSource& source, std::uint64_t /*seed*/) {
  std::vector<std::string> notes;
  const nn::Dataset all = nn::load_series(source.series, notes);
  const nn::Index samples = all.inputs.rows();
  const auto share = [](nn::Index count, double part, nn::Index most) {
    const auto rounded = static_cast<nn::Index>(std::round(static_cast<double>(count) * part));
    return std::clamp<nn::Index>(rounded, 1, most);
  };
  // What the last samples of a part forecast lies after what the next part sees first: they go.
  const nn::Index ahead = source.series.horizon - 1;
  if (samples < 3 + 2 * ahead) {
    throw std::invalid_argument(
        fmt::format("{}: {} samples are too few to cut by time with a horizon of {}",
                    source.series.file, samples, source.series.horizon));
  }
  const nn::Index test = samples - share(samples, source.test_fraction, samples - 2 * ahead - 2);
  const nn::Index seen = test - ahead;
  const nn::Index validation = seen - share(seen, 0.2, seen - ahead - 1);
  notes.push_back(
      fmt::format("the last {} of {} samples are the test set, {} before them for "
                  "validation",
                  samples - test, samples, seen - validation));
  nn::Split data{rows_of(all, rows_between(0, validation - ahead)),
                 rows_of(all, rows_between(validation, seen)),
                 rows_of(all, rows_between(test, samples))};
  data.notes = std::move(notes);
  return data;
}

DataSource read(compress::Options& options, const SourceContext& context) {
  SeriesSource source;
  nn::SeriesOptions& series = source.series;
  series.file = options.file("file", "", "a CSV file, each row the next step in time",
                             [&](const auto& given) { return context.finder.find(given); });
  if (series.file.empty()) options.fail("file", "[data] needs file = \"FILE.csv\"");
  series.target = options.text("target", series.target, "column to forecast: its title or number");
  series.features =
      options.texts("features", "columns that it is forecast from; none is the target itself");
  series.window = options.integer("window", 8, {1, 1e6}, "rows that are seen");
  series.horizon =
      options.integer("horizon", 1, {1, 1e6}, "rows from the last that is seen to the forecast");
  source.test_fraction = options.number("test_fraction", 0.2, {0.01, 0.9},
                                        "share of the samples, the last, that is the test set");
  return {{series.file}, [source](std::uint64_t seed) { return load(source, seed); }};
}

}  // namespace

extern const SourceKind kSeriesSource;
const SourceKind kSeriesSource{"series", read, "file = \"/dev/null\""};

}  // namespace pare::experiments
