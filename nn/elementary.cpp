#include "nn/elementary.h"

#include <algorithm>
#include <limits>
#include <numbers>

namespace pare::nn::elementary {
namespace {

constexpr double kLn2High = 6.93147180369123816490e-01;  // 32 bits: times an int it is exact
constexpr double kLn2Low = 1.90821492927058770002e-10;

/// An angle as its distance from the nearest multiple of pi / 2, and which that is, modulo 4.
struct Angle {
  double rest;
  int quarter;
};

Angle reduce(double x) {
  constexpr double kHigh = 1.57079632673412561417e+00;  // 33 bits of pi / 2
  constexpr double kMiddle = 6.07710050630396597660e-11;
  constexpr double kLow = 2.02226624879595063154e-21;
  const double n = std::round(x * (2 / std::numbers::pi));
  double rest = fused(n, -kHigh, x);
  rest = fused(n, -kMiddle, rest);
  rest = fused(n, -kLow, rest);
  return {rest, static_cast<int>(n - 4 * std::floor(n / 4))};
}

/// 1 - y/(first (first + 1)) (1 - y/((first + 2)(first + 3)) (1 - ...)), for y = x^2 to `last`.
double alternating_series(double y, int first, int last) {
  double sum = 1;
  for (int k = last; k >= first; k -= 2) sum = fused(-y / (k * (k + 1.0)), sum, 1.0);
  return sum;
}

double sine_near_0(double x) { return x * alternating_series(x * x, 2, 18); }
double cosine_near_0(double x) { return alternating_series(x * x, 1, 19); }

}  // namespace

double exp(double x) {
  if (std::isnan(x)) return x;
  x = std::clamp(x, -746.0, 710.0);  // 0 below, infinite above
  const double n = std::round(x * std::numbers::log2e);
  const double r = fused(n, -kLn2Low, fused(n, -kLn2High, x));
  double sum = 1;
  for (int k = 13; k >= 1; --k) sum = fused(r / k, sum, 1.0);
  return std::ldexp(sum, static_cast<int>(n));
}

double log(double x) {
  if (!(x > 0)) return x == 0 ? -std::numeric_limits<double>::infinity() : std::nan("");
  if (std::isinf(x)) return x;
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < std::numbers::sqrt2 / 2) {
    m *= 2;
    --exponent;
  }
  // log m = 2 artanh s = 2 (s + s^3 / 3 + s^5 / 5 ...), |s| < 0.172
  const double s = (m - 1) / (m + 1);
  const double square = s * s;
  double sum = 0;
  for (int k = 23; k >= 3; k -= 2) sum = fused(sum, square, 1.0 / k);
  const double rest = 2 * s * square * sum;
  const double e = exponent;
  return fused(e, kLn2High, fused(e, kLn2Low, rest) + 2 * s);
}

double sin(double x) {
  const auto [rest, quarter] = reduce(x);
  const double size = quarter % 2 == 0 ? sine_near_0(rest) : cosine_near_0(rest);
  return quarter < 2 ? size : -size;
}

double cos(double x) {
  const auto [rest, quarter] = reduce(x);
  const double size = quarter % 2 == 0 ? cosine_near_0(rest) : sine_near_0(rest);
  return quarter == 0 || quarter == 3 ? size : -size;
}

double tanh(double x) {
  const double e = exp(-2 * std::abs(x));
  return std::copysign((1 - e) / (1 + e), x);
}

double softplus(double x) {
  const double t = exp(-std::abs(x));
  return std::max(x, 0.0) + (t < 0x1p-20 ? t - t * t / 2 : log(1 + t));
}

double erf(double x) {
  const double size = std::min(std::abs(x), 6.0);  // beyond, nothing is left to 1
  double term = size;
  double sum = size;
  for (int n = 1; term > sum * 0x1p-60; ++n) {
    term *= 2 * size * size / (2 * n + 1);
    sum += term;
  }
  const double value = 2 * std::numbers::inv_sqrtpi * exp(-size * size) * sum;
  return std::copysign(std::min(value, 1.0), x);
}

}  // namespace pare::nn::elementary
