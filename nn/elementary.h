#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "nn/fused.h"

/// The elementary functions on which bytes of trained and compressed models depend. The C library's
/// differ between its versions and processors, Eigen's between the lanes of a vector and what is
/// left over. These are the same operations in the same order everywhere. Those in float are free
/// of branches: compilers vectorize loops over them, and a lane computes what the scalar does.
namespace pare::nn::elementary {

/// e^x within 2 units in the last place; overflows to infinity, underflows through the subnormals.
/// Source: Moshier, Cephes 2.2, expf.
inline float exp(float x) {
  constexpr float kLeast = -104;         // e^x is 0 below
  constexpr float kMost = 89;            // infinite above
  constexpr float kRounder = 0x1.8p23F;  // a sum with it has no room for fractions
  x = x < kLeast ? kLeast : x;
  x = x > kMost ? kMost : x;
  const float shifted = fused(x, 1.44269504088896341F, kRounder);
  const float n = shifted - kRounder;  // x / ln 2, rounded
  float r = fused(n, -0.693359375F, x);
  r = fused(n, 2.12194440e-4F, r);
  float p = 1.9875691500e-4F;
  p = fused(p, r, 1.3981999507e-3F);
  p = fused(p, r, 8.3334519073e-3F);
  p = fused(p, r, 4.1665795894e-2F);
  p = fused(p, r, 1.6666665459e-1F);
  p = fused(p, r, 5.0000001201e-1F);
  const float result = fused(p, r * r, r) + 1;
  // Times 2^n in two halves: neither is beyond the normal numbers.
  const auto exponent = static_cast<std::int32_t>(n);
  const std::int32_t half = exponent >> 1;
  const auto power = [](std::int32_t k) { return std::bit_cast<float>((k + 127) << 23); };
  return result * power(half) * power(exponent - half);
}

/// tanh(x) within 2 units in the last place. Source: Moshier, Cephes 2.2, tanhf.
inline float tanh(float x) {
  const float size = std::abs(x);
  const float outer = 1 - 2 / (exp(2 * size) + 1);
  const float square = x * x;
  float p = -5.70498872745e-3F;
  p = fused(p, square, 2.06390887954e-2F);
  p = fused(p, square, -5.37397155531e-2F);
  p = fused(p, square, 1.33314422036e-1F);
  p = fused(p, square, -3.33332819422e-1F);
  const float inner = fused(p * square, size, size);
  return std::copysign(size < 0.625F ? inner : outer, x);
}

/// 1 / (1 + e^-x).
inline float logistic(float x) { return 1 / (1 + exp(-x)); }

/// log(1 + e^x) within 2e-7 of its size: the larger of x and 0, and log(1 + t) = 2 artanh(t / (2 +
/// t)) by its series, t being e^-|x|.
inline float softplus(float x) {
  const float t = exp(-std::abs(x));
  const float s = t / (2 + t);  // at most 1/3
  const float square = s * s;
  float p = 1.0F / 15;
  p = fused(p, square, 1.0F / 13);
  p = fused(p, square, 1.0F / 11);
  p = fused(p, square, 1.0F / 9);
  p = fused(p, square, 1.0F / 7);
  p = fused(p, square, 1.0F / 5);
  p = fused(p, square, 1.0F / 3);
  p = fused(p, square, 1.0F);
  return (x > 0 ? x : 0) + 2 * s * p;
}

/// erf(x) within 1.1e-7: 1 - e^-(|x| p(|x|)) with the sign of x, where the polynomial p is fitted
/// to -log(1 - erf(x)) / x on [0, 4] for the least largest error of that.
inline float erf(float x) {
  const float size = std::abs(x) < 4 ? std::abs(x) : 4;
  float p = 3.144006404909305e-05F;
  p = fused(p, size, -3.088013327214867e-04F);
  p = fused(p, size, 1.0323987808078527e-03F);
  p = fused(p, size, 5.369383143261075e-04F);
  p = fused(p, size, -1.9583964720368385e-02F);
  p = fused(p, size, 1.0291961580514908e-01F);
  p = fused(p, size, 6.36597752571106e-01F);
  p = fused(p, size, 1.128380298614502F);
  return std::copysign(1 - exp(-size * p), x);
}

/// e^x, log x, cos x and sin x within 3 units in the last place; |x| < 2^20 for the last two.
/// Source: Taylor series of reduced arguments; ln 2 and pi / 2 in parts: Sun's fdlibm.
double exp(double x);
double log(double x);
double cos(double x);
double sin(double x);

/// tanh(x), with an error of at most 2^-52.
double tanh(double x);

/// 1 / (1 + e^-x), and log(1 + e^x), as exact as the functions above make them.
inline double logistic(double x) { return 1 / (1 + exp(-x)); }
double softplus(double x);

/// erf(x) within 1e-15. Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.6.
double erf(double x);

}  // namespace pare::nn::elementary
