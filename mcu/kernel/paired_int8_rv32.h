#pragma once

/// The four rows of paired_int8.h on RV32IM, which includes this file where it is needed: halves
/// and bytes are loaded with their signs, since the core has no instruction that extends one.
#include <stdint.h>

#include "optimize.h"

namespace pare {

PARE_OPTIMIZE_SPEED

/// The sums of two pairs of rows, those of the second ones not yet scaled.
struct FourSums {
  uint32_t both0;
  uint32_t second0;
  uint32_t both1;
  uint32_t second1;
};

/// Two inputs of four rows, `i` twos of inputs behind the first: 26 instructions for eight weights.
/// Left to itself the compiler would load them all first, and spill.
#define PARE_TWO_INPUTS                              \
  "lh %[x], 4*\\i(%[inputs])\n\t"                    \
  "lh %[p], 8*\\i(%[words])\n\t"                     \
  "lb %[q], 8*\\i(%[words])\n\t"                     \
  "lh %[r], 8*\\i+4(%[words])\n\t"                   \
  "lb %[s], 8*\\i+4(%[words])\n\t" PARE_MULTIPLY_ADD \
  "lh %[x], 4*\\i+2(%[inputs])\n\t"                  \
  "lh %[p], 8*\\i+2(%[words])\n\t"                   \
  "lb %[q], 8*\\i+2(%[words])\n\t"                   \
  "lh %[r], 8*\\i+6(%[words])\n\t"                   \
  "lb %[s], 8*\\i+6(%[words])\n\t" PARE_MULTIPLY_ADD
#define PARE_MULTIPLY_ADD                \
  "mul %[p], %[p], %[x]\n\t"             \
  "mul %[q], %[q], %[x]\n\t"             \
  "mul %[r], %[r], %[x]\n\t"             \
  "mul %[s], %[s], %[x]\n\t"             \
  "add %[both0], %[both0], %[p]\n\t"     \
  "add %[second0], %[second0], %[q]\n\t" \
  "add %[both1], %[both1], %[r]\n\t"     \
  "add %[second1], %[second1], %[s]\n\t"

/// Adds 2 * `twos` inputs, as often as there is a whole such group before `end`.
#define PARE_SUM(twos)                                                                          \
  for (; inputs != end; inputs += 2 * (twos), words += 2 * (twos)) {                            \
    int32_t x, p, q, r, s;                                                                      \
    asm volatile(                                                                               \
        ".set pare_twos, %c[count]\n\t"                                                         \
        ".irp i,0,1,2,3,4,5,6,7\n\t"                                                            \
        ".if \\i < pare_twos\n\t" PARE_TWO_INPUTS                                               \
        ".endif\n\t"                                                                            \
        ".endr"                                                                                 \
        : [both0] "+r"(sums.both0), [second0] "+r"(sums.second0), [both1] "+r"(sums.both1),     \
          [second1] "+r"(sums.second1), [x] "=&r"(x), [p] "=&r"(p), [q] "=&r"(q), [r] "=&r"(r), \
          [s] "=&r"(s)                                                                          \
        : [inputs] "r"(inputs), [words] "r"(words), [count] "i"(twos)                           \
        : "memory");                                                                            \
  }

/// The scaled sums of four rows, 2 * kTwos inputs a turn; gives where their multipliers begin.
template <int kTwos>
PARE_SHARED const int32_t* sum_four(const int32_t* words, const int16_t* inputs, int32_t count,
                                    int32_t* scaled_sums) {
  const int32_t* const biases = words;
  FourSums sums = {uint32_t(biases[0]), 0, uint32_t(biases[2]), 0};
  words += 4;
  const int16_t* end = inputs + (count & -2 * kTwos);
  PARE_SUM(kTwos)
  end += count & (2 * kTwos - 2);
  PARE_SUM(1)
  if ((count & 1) != 0) {
    const uint32_t word = uint32_t(*words++);
    sums.both0 += uint32_t(int16_t(word & 0xffffu) * *inputs);
    sums.second0 += uint32_t(int8_t(word & 0xffu) * *inputs);
    sums.both1 += uint32_t(int16_t(word >> 16) * *inputs);
    sums.second1 += uint32_t(int8_t(word >> 16 & 0xffu) * *inputs);
  }
  const int32_t second0 = int32_t(uint32_t(biases[1]) + (sums.second0 << 8));
  const int32_t second1 = int32_t(uint32_t(biases[3]) + (sums.second1 << 8));
  scaled_sums[0] = int32_t(sums.both0 - uint32_t(second0 >> 8));
  scaled_sums[1] = second0;
  scaled_sums[2] = int32_t(sums.both1 - uint32_t(second1 >> 8));
  scaled_sums[3] = second1;
  return words;
}

#undef PARE_TWO_INPUTS
#undef PARE_MULTIPLY_ADD
#undef PARE_SUM

PARE_OPTIMIZE_END

}  // namespace pare
