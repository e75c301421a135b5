#include "compress/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "nn/elementary.h"

namespace pare::compress {
namespace {

constexpr std::size_t kBins = 2048;  // Migacz 2017

/// The values at `percentile` percent from either end.
Range percentile_range(const nn::Matrix& values, double percentile) {
  std::vector<float> sorted(values.data(), values.data() + values.size());
  const double last = static_cast<double>(sorted.size() - 1);
  const auto high = static_cast<std::ptrdiff_t>(std::round(percentile / 100 * last));
  const auto low = static_cast<std::ptrdiff_t>(last) - high;
  std::nth_element(sorted.begin(), sorted.begin() + low, sorted.end());
  const double least = double{sorted[static_cast<std::size_t>(low)]};
  std::nth_element(sorted.begin(), sorted.begin() + high, sorted.end());
  return {least, double{sorted[static_cast<std::size_t>(high)]}};
}

Range entropy_range(const nn::Matrix& values) {
  const double least = double{values.minCoeff()};
  const double most = double{values.maxCoeff()};
  const nn::Matrix magnitudes = values.cwiseAbs();
  Histogram counted = histogram(magnitudes, kBins);
  const bool both_signs = least < 0 && most > 0;
  const double threshold = entropy_threshold(counted, both_signs ? 128 : 256);
  return {std::max(least, -threshold), std::min(most, threshold)};
}

/// Sum of p log(p / q) - p + q where the first `end` bins of `counts`, with all beyond them in the
/// last, are p, and the same bins merged into `levels` and spread over those that are not empty are
/// q. What lies beyond is no part of q, whose sum is then less than 1: so an end at the first bins
/// that are not empty, where both have nearly all in one level, is no match.
double divergence(const std::vector<double>& counts, std::size_t end, std::size_t levels) {
  const auto begin = counts.begin();
  const auto stop = begin + static_cast<std::ptrdiff_t>(end);
  const double inside = std::accumulate(begin, stop, 0.0);
  const double outside = std::accumulate(stop, counts.end(), 0.0);
  const double total = inside + outside;
  double sum = 0;
  for (std::size_t level = 0; level < levels; ++level) {
    const std::size_t from = level * end / levels;
    const std::size_t to = (level + 1) * end / levels;
    double merged = 0;
    double filled = 0;
    for (std::size_t i = from; i < to; ++i) {
      merged += counts[i];
      filled += counts[i] > 0 ? 1 : 0;
    }
    for (std::size_t i = from; i < to; ++i) {
      const double p = (counts[i] + (i + 1 == end ? outside : 0)) / total;
      if (p == 0) continue;
      if (counts[i] == 0) return std::numeric_limits<double>::infinity();
      sum += p * nn::elementary::log(p / (merged / filled / inside));
    }
  }
  // q summed to 1 so far: the factor inside / total, which log(p / q) lacks, and - sum p + sum q.
  return sum + nn::elementary::log(total / inside) - 1 + inside / total;
}

double squared_error(const Histogram& values, Range range) {
  const nn::Quantization q =
      nn::choose_quantization(static_cast<float>(range.low), static_cast<float>(range.high));
  double error = 0;
  for (std::size_t i = 0; i < values.counts.size(); ++i) {
    if (values.counts[i] == 0) continue;
    const double center = values.low + (static_cast<double>(i) + 0.5) * values.bin_width();
    const double shown = double{nn::dequantize(nn::quantize(static_cast<float>(center), q), q)};
    error += values.counts[i] * (center - shown) * (center - shown);
  }
  return error;
}

}  // namespace

Histogram histogram(const nn::Matrix& values, std::size_t bins) {
  Histogram result{std::min(double{values.minCoeff()}, 0.0),
                   std::max(double{values.maxCoeff()}, 0.0), std::vector<double>(bins)};
  const double width = result.bin_width();
  for (const float value : values.reshaped<Eigen::RowMajor>()) {
    if (value == 0) continue;
    const auto bin = static_cast<std::size_t>((double{value} - result.low) / width);
    result.counts[std::min(bin, bins - 1)] += 1;
  }
  return result;
}

double entropy_threshold(const Histogram& magnitudes, std::size_t levels) {
  std::size_t best = magnitudes.counts.size();
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t end = levels; end <= magnitudes.counts.size(); ++end) {
    const double found = divergence(magnitudes.counts, end, levels);
    if (found < least) {
      least = found;
      best = end;
    }
  }
  return magnitudes.low + static_cast<double>(best) * magnitudes.bin_width();
}

Range mse_range(const Histogram& values) {
  Range best{values.low, values.high};
  double least = squared_error(values, best);
  for (int round = 0; round < 4; ++round) {
    const bool upper = round % 2 == 0;
    for (int percent = 1; percent <= 100; ++percent) {
      Range tried = best;
      if (upper) tried.high = values.high * percent / 100;
      if (!upper) tried.low = values.low * percent / 100;
      const double error = squared_error(values, tried);
      if (error < least) {
        least = error;
        best = tried;
      }
    }
  }
  return best;
}

Calibrator::Calibrator(Options& options)
    : calibration_(options.choice<Calibration>("calibration",
                                               {{"min_max", Calibration::min_max},
                                                {"percentile", Calibration::percentile},
                                                {"entropy", Calibration::entropy},
                                                {"mse", Calibration::mse}},
                                               "which activation values the int8 range covers")),
      percentile_(options.optional_number("percentile", {50, 100}, "99.99",
                                          "percent of the values covered at either end")) {
  if (percentile_ && calibration_ != Calibration::percentile) {
    options.fail("percentile", "percentile needs calibration = \"percentile\"");
  }
}

nn::Quantization Calibrator::operator()(const nn::Matrix& values) const {
  const Range range = [&]() -> Range {
    switch (calibration_) {
      case Calibration::percentile:
        return percentile_range(values, percentile_.value_or(99.99));
      case Calibration::entropy:
        return entropy_range(values);
      case Calibration::mse:
        return mse_range(histogram(values, kBins));
      case Calibration::min_max:
        break;
    }
    return {double{values.minCoeff()}, double{values.maxCoeff()}};
  }();
  return nn::choose_quantization(static_cast<float>(range.low), static_cast<float>(range.high));
}

}  // namespace pare::compress
