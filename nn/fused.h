#pragma once

#if defined(__AVX__)
#include <immintrin.h>
#endif

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstring>

namespace pare::nn {

/// a b + c, rounded once where the processor has instructions for it (x86-64-v3, ARMv8). By name:
/// the compiler fuses nothing on its own (-ffp-contract=off). What it fused would depend on the
/// processor, and so would the bytes of a trained model.
template <std::floating_point Real>
Real fused(Real a, Real b, Real c) {
#if defined(__FP_FAST_FMA) && defined(__FP_FAST_FMAF)
  return std::fma(a, b, c);
#else
  return a * b + c;
#endif
}

/// sum += a * b in every lane of a vector of floats (16, 32 or 64 bytes), likewise.
template <class Lanes>
void fused_multiply_add(Lanes& sum, float a, const Lanes& b) {
#if defined(__AVX512F__)
  if constexpr (sizeof(Lanes) == 64) {
    sum = reinterpret_cast<Lanes>(_mm512_fmadd_ps(_mm512_set1_ps(a), reinterpret_cast<__m512>(b),
                                                  reinterpret_cast<__m512>(sum)));
    return;
  }
#endif
#if defined(__FMA__)
  constexpr std::size_t kHalves = sizeof(Lanes) / 32;  // of 32 bytes, as a __m256 has
  if constexpr (kHalves >= 1) {
    __m256 parts[kHalves];
    __m256 sums[kHalves];
    std::memcpy(&parts, &b, sizeof parts);
    std::memcpy(&sums, &sum, sizeof sums);
    for (std::size_t i = 0; i < kHalves; ++i) {
      sums[i] = _mm256_fmadd_ps(_mm256_set1_ps(a), parts[i], sums[i]);
    }
    std::memcpy(&sum, &sums, sizeof sums);
    return;
  }
#endif
  sum += a * b;
}

}  // namespace pare::nn
