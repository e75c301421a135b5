#pragma once

#include <optional>
#include <vector>

#include "compress/options.h"
#include "nn/quantization.h"

namespace pare::compress {

/// How many values fall into each of a row of equally wide bins from `low` to `high`.
struct Histogram {
  double low;
  double high;
  std::vector<double> counts;

  double bin_width() const { return (high - low) / static_cast<double>(counts.size()); }
};

/// The histogram of `values`, in `bins` bins over their whole range. Zeros are left out: int8 holds
/// them exactly whatever the range is, and ReLU makes so many that they would outweigh the rest.
Histogram histogram(const nn::Matrix& values, std::size_t bins);

/// The range [-t, t], or [0, t] where nothing is negative, with the least generalized
/// Kullback-Leibler divergence (of distributions that need not sum to 1) between the values
/// saturated to it and the same values in 128 levels of each sign (256 where there is one sign
/// only). `magnitudes` counts |value| from 0 up, in more bins than `levels`. Gives t. Source:
/// Migacz, "8-bit Inference with TensorRT", GTC 2017, "Entropy calibration" pseudocode; the
/// divergence: Csiszar, Annals of Statistics 19, 1991, section 1.
double entropy_threshold(const Histogram& magnitudes, std::size_t levels);

/// The range whose int8 quantization has the least squared error over the histogram: each end
/// is searched in hundredths of the whole range, in turn.
/// Source: Nagel et al., "A White Paper on Neural Network Quantization", arXiv:2106.08295, 2021,
/// section 3.1, "Mean squared error".
Range mse_range(const Histogram& values);

/// Which activation values the int8 range covers.
enum class Calibration : std::uint8_t { min_max, percentile, entropy, mse };

/// Chooses the int8 quantization of activations from samples of them.
class Calibrator {
 public:
  /// Reads `calibration` and `percentile`.
  explicit Calibrator(Options& options);

  /// The quantization for a tensor that takes the given values.
  nn::Quantization operator()(const nn::Matrix& values) const;

 private:
  Calibration calibration_;
  std::optional<double> percentile_;
};

}  // namespace pare::compress
