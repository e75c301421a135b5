#include <algorithm>

#include "experiments/sources/source.h"

namespace pare::experiments {
namespace {

constexpr double kMax = 1e30;

/// Random inputs for a model that is there; what it gives for them is what is right.
struct RandomSource {
  std::shared_ptr<const nn::Model> model;
  double low = -1;  ///< of what the model's first layer sees; an int8 model's own range otherwise
  double high = 1;
  nn::Index train_samples = 1000;
  nn::Index test_samples = 1000;
};

nn::Split load(const RandomSource& source, std::uint64_t seed) {
  const auto part = [&](std::uint64_t of_seed, nn::Index samples, std::uint64_t index) {
    return nn::make_answers(*source.model, samples, source.low, source.high,
                            nn::Random(of_seed, nn::Stream::random_inputs, index));
  };
  return {part(seed, source.train_samples, 0),
          part(seed, std::max<nn::Index>(2, source.train_samples / 5), 1),
          part(0, source.test_samples, 2)};  // the same with every seed
}

DataSource read(compress::Options& options, const SourceContext& context) {
  if (!context.model) {
    options.fail("source", "source = \"random\" needs a model: [model] file = \"FILE\"");
  }
  RandomSource source{context.model};
  const compress::Range range = options.interval(
      "range", {source.low, source.high}, {-kMax, kMax},
      "of the random inputs, as the first layer sees them; an int8 model's is its own");
  source.low = range.low;
  source.high = range.high;
  source.train_samples =
      options.integer("train_samples", source.train_samples, {2, kMostSamples}, "for calibration");
  source.test_samples = options.integer("test_samples", source.test_samples, {2, kMostSamples},
                                        "for the comparison with the model itself");
  return {{}, [source](std::uint64_t seed) { return load(source, seed); }};
}

}  // namespace

extern const SourceKind kRandomSource;
const SourceKind kRandomSource{"random", read};

}  // namespace pare::experiments
