#include "experiments/sources/source.h"

namespace pare::experiments {
namespace {

constexpr double kMax = 1e30;

nn::SineOptions read_options(compress::Options& options) {
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

DataSource read(compress::Options& options, const SourceContext& /*context*/) {
  return {{},
          [sine = read_options(options)](std::uint64_t seed) { return nn::make_sine(sine, seed); }};
}

}  // namespace

extern const SourceKind kSineSource;
const SourceKind kSineSource{"sine", read};

}  // namespace pare::experiments
